/** Makes trust policies at the border between safe and open, with the request context that meets each condition. */

export const ours = 'rb-abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnop';
export const vendorAccount = '111122223333';
export const vendor = `arn:aws:iam::${vendorAccount}:user/rolebridge`;
export const otherRole = `arn:aws:iam::${vendorAccount}:role/ci`;
export const uniqueId = 'AROAEXAMPLEEXAMPLE234';
const another = 'rb-anotherorganizationsexternalidabcdefghijklmnopqrs';

/** A seeded generator: a failure can be run again. https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A policy, its parts, and for each Allow statement the request context that it needs besides the external ID. */
export interface GeneratedPolicy {
  text: string;
  /** Operators, keys and principal forms, to be counted. */
  parts: string[];
  statements: GeneratedStatement[];
}

export interface GeneratedStatement {
  context: Map<string, string[]>;
  externalIds: (string | undefined)[];
}

type Conditions = Record<string, Record<string, unknown>>;

/** [operator, key, expected, request context that meets it; undefined: none] */
const beside: readonly (readonly [string, string, unknown, (string | string[])?])[] = [
  ['StringEquals', 'sts:RoleSessionName', 'probe', 'probe'],
  ['StringLike', 'sts:RoleSessionName', 'org_*', 'org_EXAMPLE.x'],
  ['StringNotLike', 'sts:RoleSessionName', 'rolebridge.*', 'other'],
  ['StringEquals', 'sts:RoleSessionName', '${aws:username}', 'rolebridge'],
  ['StringLike', 'sts:SourceIdentity', '*', 'alice'],
  ['Null', 'sts:SourceIdentity', 'true'],
  ['IpAddress', 'aws:SourceIp', ['198.51.100.0/24', '2001:db8::/32'], '198.51.100.7'],
  ['NotIpAddress', 'aws:SourceIp', '198.51.100.0/24', '203.0.113.9'],
  ['DateGreaterThan', 'aws:CurrentTime', '2026-11-28T00:54:59.091Z', '2026-11-29T00:00:00Z'],
  ['DateLessThanEquals', 'aws:CurrentTime', '2030-01-01', '2027-01-01T00:00:00Z'],
  ['NumericGreaterThan', 'aws:EpochTime', 1577836800, '1800000000'],
  ['StringNotLike', 'aws:UserAgent', 'aws-sdk-js*', 'curl/8'],
  ['Bool', 'aws:MultiFactorAuthPresent', 'true', 'true'],
  ['BoolIfExists', 'aws:MultiFactorAuthPresent', true],
  ['Bool', 'aws:SecureTransport', true, 'true'],
  ['StringEquals', 'aws:PrincipalTag/team', 'one', 'one'],
  ['StringNotEquals', 'aws:PrincipalTag/team', 'one'],
  ['StringEqualsIgnoreCase', 'aws:RequestTag/Team', 'ONE', 'one'],
  ['ForAllValues:StringEquals', 'aws:TagKeys', ['team', 'cost'], ['team']],
  ['ForAnyValue:StringLike', 'aws:TagKeys', ['te*'], ['x', 'team']],
  ['ArnLike', 'aws:PrincipalArn', `arn:aws:iam::${vendorAccount}:*`, vendor],
  ['ArnNotEquals', 'aws:PrincipalArn', 'arn:aws:iam::777788889999:user/x', vendor],
  ['StringEquals', 'aws:PrincipalOrgID', 'o-example123', 'o-example123'],
  ['StringEquals', 'aws:RequestedRegion', ['eu-west-1', 'us-east-1'], 'eu-west-1'],
  ['DateLessThanIfExists', 'aws:TokenIssueTime', '2030-01-01T00:00:00Z'],
  ['StringNotEquals', 'example:Unknown', 'x'],
  ['StringEqualsIfExists', 'example:Unknown', 'x'],
  ['StringEquals', 'aws:SourceVpce', 'vpce-1', 'vpce-1'],
];

const stringOperators = ['Equals', 'NotEquals', 'EqualsIgnoreCase', 'NotEqualsIgnoreCase', 'Like', 'NotLike'];
const values: unknown[] = [
  ours,
  [ours],
  another,
  [ours, another],
  [ours, 'acme'],
  `${ours}*`,
  `${ours.slice(0, 20)}*`,
  `${ours.slice(0, -1)}?`,
  'rb-*',
  '*',
  ours.toUpperCase(),
  `\${aws:PrincipalTag/none, '${ours}'}`,
  '${sts:ExternalId}',
  '${aws:username}',
  '444455556666',
  [],
  '',
];

const principals: readonly (readonly [form: string, element: object])[] = [
  ['vendor', { Principal: { AWS: vendor } }],
  ['vendor account', { Principal: { AWS: vendorAccount } }],
  ['vendor root', { Principal: { AWS: [`arn:aws:iam::${vendorAccount}:root`] } }],
  ['other role of the vendor', { Principal: { AWS: otherRole } }],
  ['session of the vendor', { Principal: { AWS: `arn:aws:sts::${vendorAccount}:assumed-role/ci/one` } }],
  ['unique id', { Principal: { AWS: uniqueId } }],
  ['vendor and another account', { Principal: { AWS: [vendor, '777788889999'] } }],
  ['another account', { Principal: { AWS: '777788889999' } }],
  ['service', { Principal: { Service: 'ec2.amazonaws.com' } }],
  ['service and vendor', { Principal: { Service: 'ec2.amazonaws.com', AWS: vendor } }],
  ['*', { Principal: '*' }],
  ['AWS *', { Principal: { AWS: '*' } }],
  ['NotPrincipal', { NotPrincipal: { AWS: '777788889999' } }],
];

const actions: readonly object[] = [
  { Action: 'sts:AssumeRole' },
  { Action: ['sts:AssumeRole', 'sts:TagSession'] },
  { Action: 'sts:*' },
  { Action: 'STS:assumeRol?' },
  { Action: ['sts:TagSession', 'sts:Assume*'] },
  { Action: 'sts:TagSession' },
  { NotAction: 'sts:TagSession' },
];

export function generatePolicy(random: () => number): GeneratedPolicy {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const chance = (share: number) => random() < share;
  const parts: string[] = [];

  const externalIdCondition = (): [operator: string, key: string, expected: unknown] => {
    if (chance(0.68)) return ['StringEquals', 'sts:ExternalId', pick([ours, ours, [ours]])];
    const key = pick(['sts:ExternalId', 'sts:ExternalId', 'STS:EXTERNALID', 'sts:externalid']);
    if (chance(0.15)) return ['Null', key, pick(['true', 'false', false, ['true', 'false']])];
    if (chance(0.1))
      return [pick(['ArnLike', 'ArnNotLike', 'Bool', 'NumericNotEquals', 'BinaryEquals']), key, '5'];
    const quantifier = pick(['', '', '', 'ForAllValues:', 'ForAnyValue:']);
    const suffix = pick(['', '', 'IfExists', 'ifexists']);
    return [
      `${quantifier}${pick(['String', 'String', 'string'])}${pick(stringOperators)}${suffix}`,
      key,
      pick(values),
    ];
  };

  const statement = (Effect: 'Allow' | 'Deny') => {
    const context = new Map([['aws:username', ['rolebridge']]]);
    const condition: Conditions = {};
    const externalIds = new Set<string | undefined>([undefined, another, 'acme', '444455556666', '']);
    const add = (operator: string, key: string, expected: unknown) => {
      condition[operator] = { ...condition[operator], [key]: expected };
      const [, quantifier = 'none', name, ifExists] = /^(?:(.*):)?(.*?)(ifexists)?$/i.exec(operator) ?? [];
      parts.push(`operator ${name?.toLowerCase()}`, `quantifier ${quantifier}`, `key ${key}`);
      if (ifExists) parts.push('suffix IfExists');
    };
    for (let more = chance(0.9) ? 1 : 0; more > 0; more = chance(0.12) ? 1 : 0) {
      const [operator, key, expected] = externalIdCondition();
      add(operator, key, expected);
      for (const value of [expected].flat().map(String))
        for (const near of nearTo(value)) externalIds.add(near);
    }
    const [form, principal] = chance(0.55)
      ? (principals[0] as (typeof principals)[number])
      : pick(principals);
    for (const [operator, key, expected, actual] of [beside, beside].map(pick).slice(0, pick([0, 0, 1, 2]))) {
      if (context.has(key.toLowerCase()) || condition[operator]?.[key] !== undefined) continue;
      add(operator, key, expected);
      if (actual !== undefined) context.set(key.toLowerCase(), [actual].flat());
    }
    parts.push(`principal ${form}`);
    externalIds.delete(ours);
    const action = chance(0.6) ? (actions[0] as object) : pick(actions);
    const json = { Effect, ...principal, ...action, ...(chance(0.97) && { Condition: condition }) };
    return { json, context, externalIds: [...externalIds] };
  };

  const allows = Array.from({ length: pick([1, 1, 1, 1, 2, 2, 3]) }, () => statement('Allow'));
  const denies = chance(0.12) ? [statement('Deny')] : [];
  const Version = pick(['2012-10-17', '2012-10-17', '2012-10-17', '2008-10-17', undefined]);
  const list = [...allows, ...denies].map(({ json }) => json);
  const text = JSON.stringify({ Version, Statement: list.length === 1 && chance(0.3) ? list[0] : list });
  return { text: chance(0.02) ? withKeyTwice(text) : text, parts, statements: allows };
}

/** IDs that a value of the policy lets in, or nearly. */
function nearTo(value: string): string[] {
  return [
    value,
    value.replaceAll('*', '').replaceAll('?', 'x'),
    value.replaceAll('*', 'x').replaceAll('?', 'z'),
    value.toUpperCase(),
    value.toLowerCase(),
    `${value}x`,
    'rolebridge',
  ];
}

/** The second one counts for JSON.parse; IAM's reference doesn't define it. */
function withKeyTwice(text: string): string {
  return text.replace('"Action":', '"Action":"sts:TagSession","Action":');
}
