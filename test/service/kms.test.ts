import { randomBytes } from 'node:crypto';
import {
  commandLine,
  createEncryption,
  openEncryption,
  reencrypt,
  systemClock,
} from '../../service/index.js';
import { type AccessKeyVendor, startAccessKeyVendor } from '../access-key-vendor.js';
import { type KmsSandbox, startKmsSandbox } from '../aws-sandbox/kms.js';

const credentials = async () => ({ accessKeyId: 'AKIAVENDORVENDORVEND', secretAccessKey: 'a'.repeat(40) });

let kms: KmsSandbox;
let vendor: AccessKeyVendor;

beforeEach(async () => {
  kms = await startKmsSandbox();
});
afterEach(async () => {
  await vendor.close();
  await kms.close();
});

const encryptionIn = (...keyArns: string[]) =>
  openEncryption({
    kms: { keyArns: keyArns as [string, ...string[]], endpoint: kms.url, timeoutMs: 30_000, credentials },
  });

async function connected() {
  const { admin } = vendor.customer();
  const { status, body } = await vendor.create(admin, { scope: {} });
  expect(status).toBe(201);
  return {
    id: body.id as string,
    admin,
    verify: () => vendor.call('POST', `/v1/connections/${body.id}/verify`),
  };
}

describe('access keys under a KMS key', () => {
  it('are wrapped by KMS, bound to organization and connection', async () => {
    const { arn } = kms.createKey();
    vendor = await startAccessKeyVendor({ accessKeyEncryption: encryptionIn(arn) });
    const { id, admin, verify } = await connected();
    expect((await verify()).status).toBe(200);
    expect((await vendor.call('POST', '/v1/credentials', {})).body.secretAccessKey).toBe(
      admin.secretAccessKey,
    );
    const context = { organization: vendor.organization.id, connection: id };
    expect(kms.requests).toEqual([
      { action: 'Encrypt', keyArn: arn, context },
      { action: 'Decrypt', keyArn: arn, context },
      { action: 'Decrypt', keyArn: arn, context },
    ]);
  });

  it.each([
    [{ status: 400, name: 'AccessDeniedException' }, 500, 'access_key_unreadable'],
    [{ status: 400, name: 'DisabledException' }, 500, 'access_key_unreadable'],
    [{ status: 400, name: 'InvalidCiphertextException' }, 500, 'access_key_unreadable'],
    [{ status: 400, name: 'ThrottlingException' }, 503, 'aws_unavailable'],
    [{ status: 500, name: 'KMSInternalException' }, 503, 'aws_unavailable'],
  ])(
    'are not decrypted when KMS answers %j: %i %s, and the connection is unchanged',
    async (error, status, code) => {
      vendor = await startAccessKeyVendor({ accessKeyEncryption: encryptionIn(kms.createKey().arn) });
      const { id, verify } = await connected();
      kms.answerWith(error);
      const answer = await verify();
      expect([answer.status, answer.body.code]).toEqual([status, code]);
      expect((await vendor.show(id)).status).toBe('connected');
      kms.answerWith(undefined);
      expect((await verify()).status).toBe(200);
    },
  );

  it('are not stored while KMS is unreachable', async () => {
    vendor = await startAccessKeyVendor({ accessKeyEncryption: encryptionIn(kms.createKey().arn) });
    kms.answerWith({ status: 500, name: 'KMSInternalException' });
    const answer = await vendor.create(vendor.customer().admin);
    expect([answer.status, answer.body.code]).toEqual([503, 'aws_unavailable']);
    expect((await vendor.call('GET', '/v1/connections')).body.connections).toEqual([]);
  });

  it('move from a local key with one command, after which the local key can be removed', async () => {
    const local = { encryptionKeys: [{ id: 'k1', key: randomBytes(32) }] as const };
    vendor = await startAccessKeyVendor({ accessKeyEncryption: openEncryption(local) });
    const { id } = await connected();
    await vendor.service.close();

    const { arn } = kms.createKey();
    const remote = { keyArns: [arn] as [string], endpoint: kms.url, credentials };
    const both = openEncryption({ ...local, kms: remote });
    const store = await vendor.openStore();
    const encryption = createEncryption([{ id: 's1', key: randomBytes(32) }]);
    const deps = { store, clock: systemClock, encryption, accessKeyEncryption: both };
    expect((await reencrypt(deps, commandLine())).accessKeys).toEqual({
      keyId: arn,
      reencrypted: 1,
      unchanged: 0,
      failed: [],
    });
    await store.close();
    expect(vendor.encryptedKeyOf(id)).toMatchObject({ keyId: arn });
  });
});
