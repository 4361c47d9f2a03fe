import { readFileSync } from 'node:fs';
import path from 'node:path';
import { judgeTrustPolicy } from '../../service/domain/verification/judge-trust-policy.js';
import { evaluateTrustPolicy } from '../aws-sandbox/index.js';
import { unsafeRolesPage } from '../docs/unsafe-roles.js';
import { changed, pathsOf } from '../templates/hostile-sets.js';

const read = (file: string) => JSON.parse(readFileSync(path.join(__dirname, '../cases', file), 'utf8'));
const unsafe: { values: Record<string, string>; roles: { id: number; name: string; policy: object }[] } =
  read('unsafe-roles.json');
const reference: {
  values: Record<string, string>;
  policies: { id: number; name: string; policy: object; allows?: { none: boolean; wrong: boolean } }[];
} = read('trust-policies.json');

const vendor = 'arn:aws:iam::111122223333:user/rolebridge';
const externalId = String(unsafe.values.externalId);
const terms = { vendorPrincipals: [vendor], externalIds: [externalId] };

const ours = { StringEquals: { 'sts:ExternalId': externalId } };
const allow = (more: object = {}) => ({
  Effect: 'Allow',
  Principal: { AWS: vendor },
  Action: 'sts:AssumeRole',
  Condition: ours,
  ...more,
});
const policy = (...statements: object[]) => ({ Version: '2012-10-17', Statement: statements });
const judge = (document: object | string, over: Partial<typeof terms> = {}) =>
  judgeTrustPolicy(typeof document === 'string' ? document : JSON.stringify(document), { ...terms, ...over });

describe('roles that three probes call connected', () => {
  const alsoTrusted = [29];
  const noted = [27];
  test.each(unsafe.roles.map((role) => [role.id, role.name, role] as const))('%i %s', (id, _, role) => {
    const judged = judge(role.policy);
    if (noted.includes(id)) {
      expect(judged).toMatchObject({ verdict: 'safe', wholeAccounts: [{ narrower: vendor }] });
    } else if (alsoTrusted.includes(id)) {
      expect(judged).toMatchObject({ verdict: 'safe', alsoTrusted: [{ principal: '999900001111' }] });
    } else {
      expect(judged.verdict).toBe('unsafe');
      const statements = JSON.stringify(role.policy);
      for (const { statement } of judged.reasons) expect(statements).toContain(statement);
    }
  });
});

describe("AWS's reference: a policy judged safe never allows a request without the external ID", () => {
  test.each(reference.policies.map((row) => [row.id, row.name, row] as const))('%i %s', (_, __, row) => {
    if (judge(row.policy).verdict === 'unsafe') return;
    // Without `allows` IAM refuses the document, so no role has it.
    expect({ none: false, wrong: false, ...row.allows }).toMatchObject({ none: false, wrong: false });
  });

  it('judges the deployed policies of customers safe', () => {
    const safe = reference.policies.filter((row) => judge(row.policy).verdict === 'safe');
    expect(safe.map(({ id }) => id)).toEqual(
      expect.arrayContaining([1, 2, 40, 42, 71, 72, 86, 104, 112, 121, 152, 174, 179, 183, 201, 202, 204]),
    );
  });
});

describe('safe', () => {
  const otherStatement = (more: object) => policy(allow(), allow({ Condition: {}, ...more }));
  test.each([
    ['the policy of the templates', policy(allow()), {}],
    [
      'actions for tags and source identity',
      policy(allow({ Action: ['sts:AssumeRole', 'sts:TagSession'] })),
      {},
    ],
    [
      'conditions that narrow it',
      policy(allow({ Condition: { ...ours, Bool: { 'aws:SecureTransport': true } } })),
      {},
    ],
    [
      'the pending external ID during a rotation',
      policy(allow()),
      { externalIds: ['rb-current', externalId] },
    ],
    [
      'both external IDs during a rotation',
      policy(allow({ Condition: { StringEquals: { 'sts:ExternalId': ['rb-current', externalId] } } })),
      { externalIds: ['rb-current', externalId] },
    ],
    ['a Deny beside it', policy(allow(), { ...allow(), Effect: 'Deny' }), {}],
    ['only an action that opens no session', otherStatement({ Action: 'sts:TagSession' }), {}],
  ])('%s', (_, document, over) => {
    expect(judge(document, over)).toEqual({
      verdict: 'safe',
      reasons: [],
      alsoTrusted: [],
      wholeAccounts: [],
    });
  });

  test.each([
    ["the customer's own role", { AWS: 'arn:aws:iam::444455556666:role/admin' }],
    ['another account', { AWS: '777788889999' }],
    ['an AWS service', { Service: 'ec2.amazonaws.com' }],
  ])('names %s as also trusted', (_, principal) => {
    const judged = judge(otherStatement({ Principal: principal }));
    expect(judged.verdict).toBe('safe');
    expect(judged.alsoTrusted).toEqual([
      { principal: Object.values(principal)[0], statement: expect.stringContaining('"Allow"') },
    ]);
  });

  const oidc = (host: string) => ({ Federated: `arn:aws:iam::444455556666:oidc-provider/${host}` });
  const github = 'token.actions.githubusercontent.com';
  const web = 'sts:AssumeRoleWithWebIdentity';
  const federated = (principal: object, condition: object, action = web) =>
    judge(otherStatement({ Principal: principal, Action: action, Condition: condition }));
  const aud = { [`${github}:aud`]: 'sts.amazonaws.com' };

  test.each([
    [
      'GitHub, one owner',
      oidc(github),
      { StringEquals: aud, StringLike: { [`${github}:sub`]: 'repo:acme/*' } },
      web,
    ],
    [
      'GitHub, one branch',
      oidc(github),
      { StringEquals: { ...aud, [`${github}:sub`]: 'repo:a/b:ref:refs/heads/c' } },
      web,
    ],
    [
      'a custom issuer',
      oidc('idp.acme.example'),
      { StringEquals: { 'idp.acme.example:aud': 'vendor' } },
      web,
    ],
    [
      'SAML with an audience',
      { Federated: 'arn:aws:iam::444455556666:saml-provider/acme' },
      { StringEquals: { 'SAML:aud': 'https://signin.aws.amazon.com/saml' } },
      'sts:AssumeRoleWithSAML',
    ],
  ])('names a federation as also trusted: %s', (_, principal, condition, action) => {
    expect(federated(principal, condition, action)).toMatchObject({ verdict: 'safe', alsoTrusted: [{}] });
  });

  test.each([
    ['no condition', oidc(github), {}],
    ['no subject', oidc(github), { StringEquals: aud }],
    ['every repository', oidc(github), { StringEquals: aud, StringLike: { [`${github}:sub`]: 'repo:*' } }],
    [
      'owners that begin alike',
      oidc(github),
      { StringEquals: aud, StringLike: { [`${github}:sub`]: 'repo:ac*' } },
    ],
    [
      'a subject that may be absent',
      oidc(github),
      { StringEquals: aud, StringLikeIfExists: { [`${github}:sub`]: 'repo:a/*' } },
    ],
    [
      'a negated subject',
      oidc(github),
      { StringEquals: aud, StringNotLike: { [`${github}:sub`]: 'repo:a/*' } },
    ],
    ['a custom issuer, no audience', oidc('idp.acme.example'), {}],
    [
      'Google without a subject',
      { Federated: 'accounts.google.com' },
      { StringEquals: { 'accounts.google.com:aud': 'x' } },
    ],
    ['Cognito', { Federated: 'cognito-identity.amazonaws.com' }, {}],
  ])('refuses an open federation: %s', (_, principal, condition) => {
    expect(federated(principal, condition)).toMatchObject({
      verdict: 'unsafe',
      reasons: [{ code: 'open_federation' }],
    });
  });
});

describe('unknown constructs are unsafe', () => {
  const text = JSON.stringify(policy(allow()));
  test.each([
    ['not JSON', '{'],
    ['URL-encoded once more', encodeURIComponent(text)],
    ['too long', `${text}${' '.repeat(200_000)}`],
    ['null', 'null'],
    ['a list', '[]'],
    ['no statement', '{"Version":"2012-10-17","Statement":[]}'],
    ['an unknown Version', text.replace('2012-10-17', '2025-01-01')],
    ['an unknown element', text.replace('"Version"', '"Extra":1,"Version"')],
    ['an unknown element of a statement', text.replace('"Effect"', '"Resource":"*","Effect"')],
    ['a statement that is a text', '{"Statement":"x"}'],
    ['an Effect in capitals', text.replace('Allow', 'ALLOW')],
    ['a key in small letters', text.replace('"Effect"', '"effect"')],
    ['no action', text.replace('"Action":"sts:AssumeRole",', '')],
    ['Action and NotAction', text.replace('"Action"', '"NotAction":"iam:*","Action"')],
    ['no principal', text.replace(/"Principal":\{[^}]*\},/, '')],
    ['a principal that is a text', text.replace(/"Principal":\{[^}]*\}/, `"Principal":"${vendor}"`)],
    ['a principal with a wildcard', text.replace('user/rolebridge', 'user/*')],
    ['a principal of an unknown type', text.replace('"AWS"', '"Human"')],
    ['a Condition that is a list', text.replace(/"Condition":\{.*?\}\}/, '"Condition":[]')],
    ['a Condition of depth', text.replace(`"${externalId}"`, '{"a":"b"}')],
    ['a key twice', text.replace('"Effect"', '"Effect":"Deny","Effect"')],
    [
      'a key twice in another letter case',
      text.replace('"sts:ExternalId"', '"STS:ExternalID":"x","sts:ExternalId"'),
    ],
    ['a key twice, once escaped', text.replace('"Condition"', '"\\u0043ondition":{},"Condition"')],
  ])('%s', (_, document) => {
    expect(document).not.toBe(text);
    const judged = judge(document);
    expect(judged).toMatchObject({ verdict: 'unsafe', reasons: [{ code: 'not_understood' }] });
    expect(judged.reasons[0]?.message).toMatch(/^The trust policy /);
  });
});

describe('a policy with another value is judged safe only if it stays closed:', () => {
  const whole = policy({
    Sid: 'One',
    ...allow({ Action: ['sts:AssumeRole'], Condition: { StringEquals: { 'sts:ExternalId': [externalId] } } }),
  });
  const wrongValues = [null, true, 0, '', '*', 'sts:*', [], ['*'], {}, [[]], { AWS: '*' }, 'x'.repeat(9_000)];
  const caller = { partition: 'aws', accountId: '111122223333', arns: [vendor] };
  const without = { action: 'sts:AssumeRole', caller, context: new Map() };

  test.each(pathsOf({ ...whole, Id: 'one' }).map((at) => [at.join('.'), at] as const))('at %s', (_, at) => {
    for (const value of wrongValues) {
      const text = JSON.stringify(changed({ ...whole, Id: 'one' }, at, value));
      if (judge(text).verdict === 'unsafe') continue;
      expect([text, evaluateTrustPolicy(JSON.parse(text), without)]).toEqual([text, 'implicit-deny']);
    }
  });
});

it('rejects NotPrincipal with Allow, which trusts everyone else', () => {
  const { Principal: _, ...others } = allow();
  const { verdict, reasons } = judge(
    policy({ ...others, NotPrincipal: { AWS: 'arn:aws:iam::777788889999:root' } }),
  );
  expect([verdict, reasons.map(({ code }) => code)]).toEqual(['unsafe', ['anyone']]);
});

it('quotes the statement and names the required external ID', () => {
  const other = allow({ Condition: { StringEquals: { 'sts:ExternalId': 'rb-old' } } });
  expect(judge(policy(allow(), other)).reasons).toEqual([
    {
      code: 'external_id_different',
      message: `The statement lets ${vendor} in with the external ID "rb-old", which is not this connection's.`,
      statement: JSON.stringify(other),
    },
  ]);
});

it('judges a hostile policy quickly', () => {
  const actions = [`${'*?'.repeat(2_000)}x`, ...Array(2_000).fill('*a*e*o*r*')];
  const started = performance.now();
  judge(policy(...Array(10).fill(allow({ Action: actions, Condition: {} }))));
  judge('['.repeat(131_000));
  judge(`"${'\\u0041'.repeat(20_000)}"`);
  expect(performance.now() - started).toBeLessThan(10_000);
});

it('docs/unsafe-roles.md matches `npm run docs`', async () => {
  expect(readFileSync('docs/unsafe-roles.md', 'utf8')).toBe(await unsafeRolesPage());
});
