import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { verifySignature } from '../../service/api/signature.js';
import { parseRoleArn } from '../../service/domain/role-arn.js';
import { keysThatMatch, scopeFromKey, scopeKey } from '../../service/domain/scope.js';
import { createEncryption, createLogger } from '../../service/index.js';

const key = (id: string) => ({ id, key: randomBytes(32) });

describe('role ARNs', () => {
  it.each([
    ['arn:aws:iam::123456789012:role/name', '/', 'name'],
    ['arn:aws:iam::123456789012:role/a/b/name', '/a/b/', 'name'],
    ['arn:aws-us-gov:iam::123456789012:role/x', '/', 'x'],
    [`arn:aws:iam::123456789012:role/${'n'.repeat(64)}`, '/', 'n'.repeat(64)],
  ])('%s is valid', (arn, path, name) => expect(parseRoleArn(arn)).toMatchObject({ arn, path, name }));

  it.each([
    `arn:aws:iam::123456789012:role/${'n'.repeat(65)}`,
    `arn:aws:iam::123456789012:role/${'p'.repeat(511)}/n`,
    'arn:aws:iam::1234567890123:role/x',
    'arn:aws:iam:us-east-1:123456789012:role/x',
    'arn:aws:iam::123456789012:role/',
    'arn:aws:iam::123456789012:role/a?',
    'arn:aws:iam::123456789012:role/$' + '{x}/n',
    'arn:aws:iam::123456789012:user/x',
    'arn:aws:iam::123456789012:group/x',
    'arn:aws:iam::123456789012:policy/x',
    'arn:aws:iam::123456789012:instance-profile/x',
    '\ufeffarn:aws:iam::123456789012:role/x',
    'arn:aws:iam::123456789012:role/x\u00a0',
    'arn:aws:iam::123456789012:role/\u0440ole',
  ])('%j is rejected', (arn) =>
    expect(() => parseRoleArn(arn)).toThrow(expect.objectContaining({ code: 'role_arn_invalid' })),
  );

  it('accepts any ARN of IAM and returns it unchanged', () => {
    const word = fc
      .stringMatching(/^[A-Za-z0-9_+=,.@-]{1,20}$/)
      .filter((text) => text !== '.' && text !== '..');
    fc.assert(
      fc.property(
        fc.stringMatching(/^[1-9][0-9]{11}$/),
        fc.array(word, { maxLength: 4 }),
        word,
        (account, path, name) => {
          const arn = `arn:aws:iam::${account}:role/${[...path, name].join('/')}`;
          expect(parseRoleArn(arn)).toMatchObject({ arn, accountId: account, name });
        },
      ),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          expect(parseRoleArn(text).arn).toBe(text);
        } catch (error) {
          expect(error).toMatchObject({
            code: expect.stringMatching(/^(role_arn_invalid|partition_not_supported)$/),
          });
        }
      }),
    );
  });
});

it('resolves to the longest scope that is a prefix of the target, the default last', () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9.-]{0,8}$/);
  const path = fc.array(name, { maxLength: 3 });
  fc.assert(
    fc.property(path, (names) => {
      const [project, environment, architecture] = names;
      const target = { project, environment, architecture };
      const keys = keysThatMatch(target);
      expect(keys).toHaveLength(names.length + 1);
      expect(keys[0]).toBe(scopeKey(target));
      expect(keys.at(-1)).toBe('');
      for (const one of keys) expect(scopeKey(scopeFromKey(one))).toBe(one);
    }),
  );
});

it('signs any body like the Standard Webhooks library', () => {
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const webhook = new Webhook(secret);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: -280, max: 280 }), (body, offset) => {
      const now = Date.now();
      const at = new Date(now + offset * 1000);
      const headers = {
        'webhook-id': 'msg_1',
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        'webhook-signature': webhook.sign('msg_1', at, body),
      };
      const raw = Buffer.from(body);
      expect(verifySignature(headers, raw, [secret], now, 300_000)).toBe('msg_1');
      expect(
        verifySignature(headers, Buffer.concat([raw, Buffer.from('x')]), [secret], now, 300_000),
      ).toBeUndefined();
      expect(
        verifySignature(headers, raw, [`whsec_${randomBytes(32).toString('base64')}`], now, 300_000),
      ).toBeUndefined();
    }),
  );
});

it.each([
  [300, true],
  [-300, true],
  [301, false],
  [-301, false],
])('a timestamp %i s away is accepted: %s', (offset, isAccepted) => {
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const now = 1_800_000_000_000;
  const at = new Date(now + offset * 1000);
  const headers = {
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(at.getTime() / 1000),
    'webhook-signature': new Webhook(secret).sign('msg_1', at, '{}'),
  };
  expect(verifySignature(headers, Buffer.from('{}'), [secret], now, 300_000)).toBe(
    isAccepted ? 'msg_1' : undefined,
  );
});

describe('encrypted secrets', () => {
  const first = key('k1');
  const encryption = createEncryption([first]);
  const encrypted = encryption.encrypt('whsec_secret', 'callback-secret:con_1');

  it('decrypt in their row, and hide their content', () => {
    expect(encryption.open(encrypted, 'callback-secret:con_1')).toBe('whsec_secret');
    expect(encrypted).not.toContain('secret');
    expect(encryption.encrypt('whsec_secret', 'callback-secret:con_1')).not.toBe(encrypted);
  });
  it('decrypt after a new key was put before the old one', () =>
    expect(createEncryption([key('k2'), first]).open(encrypted, 'callback-secret:con_1')).toBe(
      'whsec_secret',
    ));
  it("don't decrypt in another row", () =>
    expect(() => encryption.open(encrypted, 'callback-secret:con_2')).toThrow());
  it("don't decrypt without their key", () =>
    expect(() => createEncryption([key('k2')]).open(encrypted, 'callback-secret:con_1')).toThrow('k1'));
  it("don't decrypt with another key of the same name", () =>
    expect(() => createEncryption([key('k1')]).open(encrypted, 'callback-secret:con_1')).toThrow());
  it("don't decrypt with any bit flipped", () => {
    const [version, id, salt = '', text = ''] = encrypted.split('.');
    const flipped = Buffer.from(text, 'base64url');
    for (let bit = 0; bit < flipped.length * 8; bit += 5) {
      const bytes = Buffer.from(flipped);
      bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(() =>
        encryption.open([version, id, salt, bytes.toString('base64url')].join('.'), 'callback-secret:con_1'),
      ).toThrow();
    }
  });
});

it('redacts secrets in every log line, including causes and AWS answers', () => {
  const lines: string[] = [];
  const logger = createLogger('info', { write: (line) => void lines.push(line) });
  const secrets = [
    'whsec_c2VjcmV0c2VjcmV0',
    `rbk_${'a'.repeat(16)}_${'0'.repeat(64)}`,
    'wJalrXUtnFEMIsecret',
    'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=',
  ];
  const [webhook, apiKey, aws, signature] = secrets;
  logger.error(
    {
      err: new Error('failed', { cause: new Error(`<SecretAccessKey>${aws}</SecretAccessKey>`) }),
      headers: { authorization: `Bearer ${apiKey}`, 'webhook-signature': signature },
      credentials: { SecretAccessKey: aws, secretAccessKey: aws },
    },
    `the secret is ${webhook} and the key ${apiKey}`,
  );
  expect(lines).toHaveLength(1);
  for (const secret of secrets) expect(lines[0]).not.toContain(secret);
});
