/** The output of a deploy, and the check before the role exists. */
import { closeVendor, destroy, problem, run } from '../constructs/callback-run.js';
import { connected, type VendorAnswer } from '../constructs/vendor.js';

afterEach(closeVendor);

describe('a connected deploy', () => {
  test('prints account, assurance, scope, permissions, notes and where to read more', async () => {
    const { output } = await run((one) => ({
      status: 200,
      body: {
        ...(connected(one).body as object),
        accountName: 'acme-shop-dr',
        assurance: 'proven',
        permissionSet: 'deploy@4',
        without: ['Cost'],
        warnings: [
          { code: 'scope_kept', message: `Your scope was not applied${' as the vendor set one'.repeat(5)}` },
        ],
        verification: { checks: Array(9).fill({ name: 'assumable', outcome: 'passed' }) },
        links: { page: 'https://connect.northwind.example/c/con_8f3kQz' },
      },
    }));
    expect(output).toMatch(
      /^northwind: role reported, checking it \(up to 20 s\)\n {2}ok {4}9 of 9 checks passed in 1 s\n/,
    );
    expect(output).toContain('northwind: connected to 210987654321 (acme-shop-dr), proven\n');
    expect(output).toContain('  Allowed  deploy@4, without Cost\n  Note     Your scope was not applied as');
    expect(output).toContain('  Details  https://connect.northwind.example/c/con_8f3kQz\n');
  });

  test('has a long address alone in its line, which Terraform does not wrap', async () => {
    const page = `https://connect.northwind.example/connections/con_${'a'.repeat(24)}`;
    const { output } = await run((one) => ({
      status: 200,
      body: { ...(connected(one).body as object), links: { page } },
    }));
    expect(output).toContain(`  Details\n  ${page}\n`);
    expect(Math.max(...output.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(76);
  });

  test.each([{ id: 'con_other' }, { roleArn: 'arn:aws:iam::210987654321:role/other' }])(
    'is rejected when the answer is about %j',
    async (other) => {
      const { code, output } = await run((one) => ({
        status: 200,
        body: { ...(connected(one).body as object), ...other },
      }));
      expect([code, output]).toEqual([1, expect.stringContaining('(answer_unexpected)')]);
    },
  );
});

describe('what to do', () => {
  const down = () => problem(502, {});

  test.each<[string, Record<string, string>, RegExp]>([
    ['a deploy', {}, /Apply again in a few minutes/],
    ['commands in a shell', { CONNECT_PLACE: 'shell' }, /Run it again in a few minutes/],
    [
      'a destroy that is to fail',
      { ...destroy, CONNECT_FAIL_WHEN_UNREACHABLE: 'true' },
      /Destroy again in a few\s+minutes/,
    ],
  ])('is said for where it runs: %s', async (_name, environment, text) => {
    const { code, output } = await run(down, { CONNECT_DEADLINE_SECONDS: '1', ...environment });
    expect([code, output]).toEqual([1, expect.stringMatching(text)]);
  });

  test('is nothing where the role goes anyway', async () => {
    const { code, output } = await run(down, { ...destroy, CONNECT_DEADLINE_SECONDS: '1' });
    expect([code, output]).toEqual([0, expect.stringContaining('the destroy continues')]);
    expect(output).not.toMatch(/What to do|again in a few/);
  });

  test.each([
    ['', 'where Terraform runs'],
    ['shell', 'in this shell'],
  ])('names where the secret is set (%j)', async (place, where) => {
    const { output } = await run(down, { CONNECT_PLACE: place, CONNECT_CALLBACK_SECRET: '' });
    expect(output).toContain(where);
  });
});

describe('the input to change', () => {
  const externalId = 'nwc-b5tgbtehgihoivyudz6g5vsyjlje03qd';
  const expected = 'nwc-b5tgbtehgihoivyudz6g5vsyjljeo3qd';
  const statement = {
    Principal: { AWS: 'arn:aws:iam::1:role/v' },
    Condition: { StringEquals: { 'sts:ExternalId': expected } },
  };
  const refused = problem(422, {
    code: 'role_not_assumable',
    detail: 'The external ID in your code is not the external ID of this connection.',
    remedy: 'Paste the trust policy.',
    trustPolicy: { Version: '2012-10-17', Statement: [statement] },
  });

  test.each([
    ['', "externalId: '", "',"],
    ['hcl', 'external_id = "', '"'],
  ])('has its old and new value as the stack writes them (%j), never "paste"', async (inputs, start, end) => {
    const { output } = await run(() => refused, {
      CONNECT_INPUTS: inputs,
      CONNECT_EXTERNAL_ID: externalId,
      CONNECT_PRINCIPAL: 'arn:aws:iam::1:role/v',
    });
    const mark = ' '.repeat(6 + start.length + expected.indexOf('o3qd'));
    expect(output).toContain(
      `    - ${start}${externalId}${end}\n    + ${start}${expected}${end}\n${mark}^ letter o, not zero\n`,
    );
    expect(output).not.toMatch(/paste|principal/i);
  });

  test('is replaced by the remedy when the values match', async () => {
    const { output } = await run(() => refused, { CONNECT_EXTERNAL_ID: expected });
    expect(output).toContain('  What to do\n');
    expect(output).not.toContain('Change this');
  });
});

describe('the check before the role exists', () => {
  const check = {
    CONNECT_EVENT: 'connection.check',
    CONNECT_ROLE_ARN: '',
    CONNECT_ROLE_ID: '',
    CONNECT_ACCOUNT_ID: '210987654321',
    CONNECT_EXTERNAL_ID: 'an-external-id',
  };

  test('is sent with account and external ID, and prints the result', async () => {
    const { code, output, received } = await run(
      () => ({ status: 200, body: { checks: [{ name: 'external_id', outcome: 'passed' }] } }),
      check,
    );
    const { type, data } = JSON.parse(received[0]?.body ?? '');
    expect([type, data]).toEqual([
      'connection.check',
      { connectionId: 'con_8f3kQz', accountId: '210987654321', externalId: 'an-external-id' },
    ]);
    expect(code).toBe(0);
    expect(output).toMatch(/ {2}ok {4}External ID\n\nnorthwind: ready to connect\n/);
  });

  test.each<[string, VendorAnswer, RegExp]>([
    [
      'a wrong secret',
      problem(401, { code: 'callback_unauthorized' }),
      /not ready to connect \(callback_unauthorized\)/,
    ],
    [
      'another account',
      problem(409, { code: 'account_mismatch', detail: 'Bound to another.' }),
      /\(account_mismatch\)/,
    ],
    [
      'a check that failed',
      {
        status: 200,
        body: {
          checks: [
            { name: 'external_id', outcome: 'failed', code: 'external_id_different', message: 'It is X.' },
          ],
        },
      },
      /FAIL {2}External ID[\s\S]*It is X\./,
    ],
    ['a page that is not the service', { status: 200, body: '<html>' }, /answer_unexpected/],
  ])('fails for %s', async (_name, answer, text) => {
    const { code, output } = await run(() => answer, check);
    expect([code, output]).toEqual([1, expect.stringMatching(text)]);
  });
});
