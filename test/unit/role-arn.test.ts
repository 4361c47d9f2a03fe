import fc from 'fast-check';
import { RolebridgeError } from '../../service/domain/errors.js';
import { parseRoleArn, partitions } from '../../service/domain/role-arn.js';

const account = '210987654321';
const arn = (resource: string) => `arn:aws:iam::${account}:${resource}`;

test.each([
  ['without a path', arn('role/name'), '/', 'name'],
  ['with a path', arn('role/a/b/name'), '/a/b/', 'name'],
  ["with each of IAM's marks", arn('role/A-z_0.9+=,@-'), '/', 'A-z_0.9+=,@-'],
  ['with the longest name', arn(`role/${'n'.repeat(64)}`), '/', 'n'.repeat(64)],
  ['with the longest path', arn(`role/${'p'.repeat(510)}/n`), `/${'p'.repeat(510)}/`, 'n'],
])('accepts a role %s unchanged', (_, text, path, name) => {
  expect(parseRoleArn(text)).toEqual({ arn: text, partition: 'aws', accountId: account, path, name });
});

test.each(Object.keys(partitions))('accepts the partition %s', (partition) => {
  expect(parseRoleArn(`arn:${partition}:iam::${account}:role/n`)).toMatchObject({ partition });
});

test.each(['aws-mars', 'aws-iso', 'AWS', '', 'constructor', '__proto__', 'toString'])(
  'does not support the partition "%s"',
  (partition) => expect(codeOf(`arn:${partition}:iam::${account}:role/n`)).toBe('partition_not_supported'),
);

const ok = arn('role/name');
test.each([
  ['nothing', ''],
  ['a space before', ` ${ok}`],
  ['a space after', `${ok} `],
  ['a tab', `${ok}\t`],
  ['a no-break space', `${ok}\u00a0`],
  ['a zero-width space', `${ok}\u200b`],
  ['a byte order mark', `\ufeff${ok}`],
  ['a line feed', `${ok}\n`],
  ['a carriage return', `${ok}\r\n`],
  ['NUL', `${ok}\0`],
  ['a look-alike letter', ok.replace('name', 'n\u0430me')],
  ['full-width digits', ok.replace(account, '２１０９８７６５４３２１')],
  ['Arabic digits', ok.replace(account, '٢١٠٩٨٧٦٥٤٣٢١')],
  ['11 digits', ok.replace(account, '21098765432')],
  ['13 digits', ok.replace(account, '2109876543210')],
  ['all zeros', ok.replace(account, '000000000000')],
  ['no account', ok.replace(account, '')],
  ['the account "aws"', ok.replace(account, 'aws')],
  ['a user', arn('user/name')],
  ['the root', arn('root')],
  ['a group', arn('group/name')],
  ['a policy', arn('policy/name')],
  ['an instance profile', arn('instance-profile/name')],
  ['an assumed role', `arn:aws:sts::${account}:assumed-role/name/session`],
  ['an assumed role of IAM', arn('assumed-role/name/session')],
  ['a role in capitals', arn('Role/name')],
  ['an empty path segment', arn('role//name')],
  ['an empty name', arn('role/')],
  ['an empty name after a path', arn('role/a/')],
  ['no slash', arn('role')],
  ['a step up', arn('role/../name')],
  ['a step to itself', arn('role/./name')],
  ['a star', arn('role/*')],
  ['a star in the path', arn('role/*/name')],
  ['a question mark', arn('role/nam?')],
  ['a variable', arn('role/${aws:username}')],
  ['a variable in the path', arn('role/${x}/name')],
  ['a double quote', arn('role/"name"')],
  ['a double quote in the path', arn('role/"/name')],
  ['a single quote in the path', arn("role/'/name")],
  ['a script', arn('role/<script>')],
  ['a script in the path', arn('role/<script>/name')],
  ['a region', `arn:aws:iam:us-east-1:${account}:role/name`],
  ['another service', `arn:aws:s3::${account}:role/name`],
  ['a seventh part', `${ok}:more`],
  ['five parts', `arn:aws:iam:${account}:role/name`],
  ['another prefix', ok.replace('arn', 'urn')],
  ['a URL', `https://${ok}`],
  ['a name of 65', arn(`role/${'n'.repeat(65)}`)],
  ['a path of 513', arn(`role/${'p'.repeat(511)}/n`)],
  ['more than 2048', arn(`role/${'p/'.repeat(1100)}n`)],
  ['a million characters', `${ok}${'a'.repeat(1_000_000)}`],
])('rejects %s with the violated rule', (_, text) => {
  expect(codeOf(text)).toBe('role_arn_invalid');
  const { detail, remedy } = thrown(text) as RolebridgeError;
  expect(detail).toMatch(/^This is not the ARN of an IAM role: .+\.?$/);
  expect(remedy).toMatch(/^Copy the ARN/);
  expect(detail.length).toBeLessThan(200);
});

const nameText = fc.stringMatching(/^[A-Za-z0-9_+=,.@-]{1,64}$/);
const segment = fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/);

it('puts every part of a valid ARN back together', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.keys(partitions)),
      fc.stringMatching(/^[0-9]{12}$/).filter((digits) => digits !== '000000000000'),
      fc.array(segment, { maxLength: 5 }),
      nameText,
      (partition, accountId, segments, name) => {
        const text = `arn:${partition}:iam::${accountId}:role/${[...segments, name].join('/')}`;
        const parsed = parseRoleArn(text);
        expect(parsed).toMatchObject({ arn: text, partition, accountId, name });
        expect(`arn:${parsed.partition}:iam::${parsed.accountId}:role${parsed.path}${parsed.name}`).toBe(
          text,
        );
      },
    ),
  );
});

it('rejects anything else with a code, and never corrects it', () => {
  const nearly = fc
    .tuple(fc.nat({ max: ok.length }), fc.nat({ max: 3 }), fc.string({ unit: 'binary', maxLength: 5 }))
    .map(([at, cut, put]) => ok.slice(0, at) + put + ok.slice(at + cut));
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), nearly), (text) => {
      const error = thrown(text);
      if (error === undefined) {
        const { partition, accountId, path, name, arn: same } = parseRoleArn(text);
        expect(same).toBe(text);
        expect(`arn:${partition}:iam::${accountId}:role${path}${name}`).toBe(text);
      } else
        expect(['role_arn_invalid', 'partition_not_supported']).toContain((error as RolebridgeError).code);
    }),
    { numRuns: 1_000 },
  );
});

function thrown(text: string): unknown {
  try {
    parseRoleArn(text);
    return undefined;
  } catch (error) {
    return error;
  }
}

function codeOf(text: string): string | undefined {
  const error = thrown(text);
  return error instanceof RolebridgeError ? error.code : undefined;
}
