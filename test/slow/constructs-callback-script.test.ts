import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { closeVendor, destroy, problem, ROLE_ARN, ROLE_ID, run, SECRET } from '../constructs/callback-run.js';
import { connected, type Received, type VendorAnswer } from '../constructs/vendor.js';

afterEach(closeVendor);

describe('the request', () => {
  test('is signed as Standard Webhooks specifies, with the body of the contract', async () => {
    const { code, output, received } = await run(connected);
    expect(code).toBe(0);
    expect(output).toMatch(/northwind: connected to 210987654321\n {2}Scope {4}shop\/production\n/);
    const [{ body, headers }] = received as [Received];
    const payload = new Webhook(SECRET).verify(body, headers as Record<string, string>);
    expect(payload).toStrictEqual({
      type: 'role.provisioned',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      data: {
        connectionId: 'con_8f3kQz',
        roleArn: ROLE_ARN,
        roleId: ROLE_ID,
        scope: { project: 'shop', environment: 'production' },
      },
    });
    expect(headers['content-type']).toBe('application/json');
  });

  test('has no scope by default', async () => {
    const { received } = await run(connected, { CONNECT_SCOPE: '' });
    expect(JSON.parse(received[0]?.body ?? '').data).toStrictEqual({
      connectionId: 'con_8f3kQz',
      roleArn: ROLE_ARN,
      roleId: ROLE_ID,
    });
  });

  test('has no scope at destroy', async () => {
    const { code, output, received } = await run(connected, destroy);
    expect(JSON.parse(received[0]?.body ?? '')).toMatchObject({ type: 'role.deprovisioned' });
    expect(JSON.parse(received[0]?.body ?? '').data).toStrictEqual({
      connectionId: 'con_8f3kQz',
      roleArn: ROLE_ARN,
      roleId: ROLE_ID,
    });
    expect([code, output]).toEqual([0, expect.stringContaining('disconnected')]);
  });

  test("is signed with the connection's secret before the general one, and with a variable's before both", async () => {
    const [own, given] = [1, 2].map(() => `whsec_${randomBytes(32).toString('base64')}`) as [string, string];
    const { received } = await run(connected, { CONNECT_CALLBACK_SECRET_CON_8F3KQZ: own });
    await run(connected, {
      CONNECT_CALLBACK_SECRET_CON_8F3KQZ: own,
      CONNECT_CALLBACK_SECRET_FROM_VARIABLE: given,
    });
    const [first, second] = received as [Received, Received];
    new Webhook(own).verify(first.body, first.headers as Record<string, string>);
    new Webhook(given).verify(second.body, second.headers as Record<string, string>);
  });

  test('is signed with the trimmed secret', async () => {
    for (const secret of [`${SECRET}\n`, ` \t${SECRET}\r\n`]) {
      const { code, received } = await run(connected, { CONNECT_CALLBACK_SECRET: secret });
      expect(code).toBe(0);
      const one = received.at(-1);
      new Webhook(SECRET).verify(one?.body ?? '', one?.headers as Record<string, string>);
    }
  });

  test('has the permission set and the excluded statements', async () => {
    const { received } = await run(connected, {
      CONNECT_PERMISSION_SET: 'deploy@3',
      CONNECT_WITHOUT: 'Cost,Billing',
    });
    expect(JSON.parse(received[0]?.body ?? '').data).toMatchObject({
      permissionSet: 'deploy@3',
      without: ['Cost', 'Billing'],
    });
  });

  test('has a new id in each run', async () => {
    const { received } = await run(connected);
    await run(connected);
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(2);
  });
});

describe('retries', () => {
  test('with the same id and body until the service decides, one line per attempt', async () => {
    const { code, output, received } = await run((one, before) =>
      before === 0
        ? problem(503, { code: 'aws_unavailable' })
        : before === 1
          ? problem(429, { code: 'rate_limited' })
          : connected(one),
    );
    expect(code).toBe(0);
    expect(received).toHaveLength(3);
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(new Set(received.map(({ body }) => body)).size).toBe(1);
    for (const { body, headers } of received)
      new Webhook(SECRET).verify(body, headers as Record<string, string>);
    expect(output).toMatch(
      /\.\.\. {3}503 aws_unavailable\. Trying again in [\d.]+ s\n {2}\.\.\. {3}429 rate_limited\. Trying again/,
    );
  });

  test('no sooner than Retry-After says', async () => {
    const { received } = await run((one, before) =>
      before === 0 ? { status: 503, headers: { 'retry-after': '2' } } : connected(one),
    );
    const [first, second] = received as [Received, Received];
    expect(second.at - first.at).toBeGreaterThanOrEqual(1950);
  });

  test('when Retry-After is a date', async () => {
    const { received } = await run((one, before) =>
      before === 0
        ? { status: 503, headers: { 'retry-after': new Date(Date.now() + 3000).toUTCString() } }
        : connected(one),
    );
    const [first, second] = received as [Received, Received];
    expect(second.at - first.at).toBeGreaterThanOrEqual(1900);
  });

  test('not when Retry-After is later than the deadline, which it reports immediately', async () => {
    const { code, output, received, tookMs } = await run(() => ({
      status: 503,
      headers: { 'retry-after': '3600' },
    }));
    expect([code, received.length]).toEqual([1, 1]);
    expect(tookMs).toBeLessThan(15_000);
    expect(output).toMatch(
      /not connected \(service_unavailable\)[\s\S]*Nothing is wrong with your configuration\.\s+Apply\s+again/,
    );
  });

  test('until the deadline', async () => {
    const { code, output, received, tookMs } = await run(() => problem(503, { code: 'aws_unavailable' }), {
      CONNECT_DEADLINE_SECONDS: '3',
    });
    expect(code).toBe(1);
    expect(received.length).toBeGreaterThan(1);
    expect(tookMs).toBeLessThan(10_000);
    expect(output).toMatch(/not connected \(aws_unavailable\)/);
  });

  test('against an unresponsive server, until the deadline', async () => {
    const { code, output, tookMs } = await run(() => new Promise(() => {}), {
      CONNECT_DEADLINE_SECONDS: '1',
    });
    expect(code).toBe(1);
    expect(tookMs).toBeLessThan(10_000);
    expect(output).toMatch(/no answer within 1\.0 s/);
    expect(output).toMatch(/not connected \(unreachable\)/);
  });

  test('when nothing listens', async () => {
    const { code, output } = await run(connected, {
      CONNECT_CALLBACK_URL: 'http://127.0.0.1:1/',
      CONNECT_DEADLINE_SECONDS: '2',
    });
    expect(code).toBe(1);
    expect(output).toMatch(/no connection \(\w+.*\)\. Trying again in/);
  });
});

describe('fails at once, with the code, the reason and the remedy', () => {
  test.each<[string, VendorAnswer, RegExp[]]>([
    ['401', problem(401, { code: 'signature_invalid' }), [/not connected \(signature_invalid\)/, /clock/]],
    [
      '409',
      problem(409, { code: 'scope_taken', detail: 'It is another’s.', remedy: 'Choose another.' }),
      [
        /not connected \(scope_taken\)/,
        /What is wrong\n {4}It is another’s\./,
        /What to do\n {4}Choose another\./,
      ],
    ],
    [
      '422 with a diagnosis',
      problem(422, {
        code: 'role_not_assumable',
        detail: 'AWS denied it.',
        remedy: 'Correct the trust policy.',
        checks: [{ name: 'assumable', outcome: 'failed', code: 'role_not_assumable', message: 'denied' }],
        diagnosis: {
          causes: [
            {
              cause: 'external_id_different',
              likelihood: 'likely',
              explanation: 'The external ID is another.',
            },
            { cause: 'organization_policy' },
          ],
        },
        trustPolicy: { Version: '2012-10-17', Statement: [] },
      }),
      [
        /not connected \(role_not_assumable\)/,
        / {2}FAIL {2}Assumable\n/,
        /- likely: The external ID is another\./,
        /- possible: organization_policy/,
        /What to do\n {4}Correct the trust policy\./,
        /Trust policy that the role needs\n\{\n {2}"Version": "2012-10-17"/,
      ],
    ],
    ['404', { status: 404, body: 'nothing here' }, [/not connected \(http_404\)/, /Check the callback URL/]],
    [
      'a redirect',
      { status: 302, headers: { location: 'http://127.0.0.1:1/' } },
      [/answer_unexpected/, /redirect/],
    ],
    ['a page that is not the service', { status: 200, body: '<html>Sign in</html>' }, [/answer_unexpected/]],
    ['200 without connected', { status: 200, body: { status: 'pending' } }, [/answer_unexpected/]],
    ['an answer that never ends', { status: 200, body: 'x'.repeat(300_000) }, [/answer_unexpected/]],
    [
      'an answer of another shape',
      problem(422, { code: 7, checks: 'x', diagnosis: [1], trustPolicy: 3 }),
      [/http_422/],
    ],
  ])('%s', async (_name, answer, texts) => {
    const { code, output, received } = await run(() => answer);
    expect(code).toBe(1);
    expect(received).toHaveLength(1);
    for (const text of texts) expect(output).toMatch(text);
  });

  test.each([
    ['https://vendor.example/docs/problems#scope_taken', true],
    ['about:blank', false],
    ['javascript:alert(1)', false],
    [`https://vendor.example/\u001b[2J`, false],
    [{ href: 'https://vendor.example/' }, false],
  ])('the page about the code is named when the service has one: %j', async (type, isNamed) => {
    const { output } = await run(() => problem(409, { type, code: 'scope_taken', detail: 'a', remedy: 'b' }));
    if (isNamed) expect(output).toContain(`  Details  ${type}\n`);
    else expect(output).not.toContain('Details');
  });

  test('an answer that repeats the secret and draws on the terminal', async () => {
    const { output } = await run(({ headers }) =>
      problem(422, {
        code: 'x',
        detail: `\u001b[2Jthe secret is ${SECRET}\n::error::injected ${headers['webhook-signature']}`,
        remedy: 'none',
      }),
    );
    expect(output).toContain('[hidden]');
    expect(output).not.toContain('\u001b');
    expect(output).not.toMatch(/^::error/m);
  });
});

describe('before anything is sent', () => {
  test.each<[string, Record<string, string>, RegExp]>([
    [
      'no secret',
      { CONNECT_CALLBACK_SECRET: '' },
      /callback_secret_missing[\s\S]*Set CONNECT_CALLBACK_SECRET/,
    ],
    ['a secret without its prefix', { CONNECT_CALLBACK_SECRET: 'AAAA' }, /callback_secret_invalid/],
    ['a short secret', { CONNECT_CALLBACK_SECRET: 'whsec_AAAA' }, /callback_secret_invalid/],
    [
      'another account',
      { CONNECT_EXPECTED_ACCOUNT_ID: '123456789012' },
      /account_mismatch[\s\S]*210987654321/,
    ],
    ['http beyond loopback', { CONNECT_CALLBACK_URL: 'http://vendor.example/' }, /callback_url_invalid/],
    ['an unknown event', { CONNECT_EVENT: 'role.stolen' }, /CONNECT_EVENT is "role.stolen"/],
    ['a scope that is not JSON', { CONNECT_SCOPE: '{' }, /the callback failed: /],
  ])('%s is refused', async (_name, environment, text) => {
    const { code, output, received } = await run(connected, environment);
    expect([code, received.length]).toEqual([1, 0]);
    expect(output).toMatch(text);
  });

  test('the expected account is let through', async () => {
    expect((await run(connected, { CONNECT_EXPECTED_ACCOUNT_ID: '210987654321' })).code).toBe(0);
  });
});

describe('a destroy is never blocked', () => {
  const strict = { CONNECT_FAIL_WHEN_UNREACHABLE: 'true' };
  const unreachable = { ...destroy, CONNECT_CALLBACK_URL: 'http://127.0.0.1:1/' };

  test.each<[string, VendorAnswer, Record<string, string>, number]>([
    ['a service that can’t be reached', { status: 200 }, unreachable, 0],
    ['a service that can’t be reached, as an error', { status: 200 }, { ...unreachable, ...strict }, 1],
    ['a service that is busy', { status: 503 }, destroy, 0],
    ['a service that is busy, as an error', { status: 503 }, { ...destroy, ...strict }, 1],
    ['an unknown connection or another secret', { status: 401 }, destroy, 0],
    ['the same, as an error', { status: 401 }, { ...destroy, ...strict }, 1],
    ['a missing secret', { status: 200 }, { ...destroy, CONNECT_CALLBACK_SECRET: '' }, 0],
    [
      'a missing secret, as an error',
      { status: 200 },
      { ...destroy, ...strict, CONNECT_CALLBACK_SECRET: '' },
      1,
    ],
    ['a refusal, as an error', { status: 422 }, { ...destroy, ...strict }, 1],
    ['a refusal', { status: 422 }, destroy, 0],
  ])('%s', async (_name, answer, environment, expected) => {
    const { code, output, tookMs } = await run(() => answer, environment);
    expect(code).toBe(expected);
    expect(tookMs).toBeLessThan(8_000);
    expect(output).toMatch(
      expected === 0 ? /northwind: warning: [\s\S]*What is wrong[\s\S]*the destroy continues/ : /error: /,
    );
  });
});
