import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A running stand-in for AWS KMS: Encrypt and Decrypt of symmetric keys, over AWS's JSON protocol. */
export interface KmsSandbox {
  readonly url: string;
  /** Recorded calls, oldest first. */
  readonly requests: { action: string; keyArn: string; context: Record<string, string> }[];
  /** A new symmetric key. */
  createKey(): { arn: string };
  /** Answers every call so from now on; undefined ends that. */
  answerWith(error: { status: number; name: string } | undefined): void;
  /** Stops listening. */
  close(): Promise<void>;
}

interface KmsRequest {
  KeyId: string;
  Plaintext?: string;
  CiphertextBlob?: string;
  EncryptionContext?: Record<string, string>;
}

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html */
export async function startKmsSandbox(): Promise<KmsSandbox> {
  const keys = new Map<string, Buffer>();
  const requests: KmsSandbox['requests'] = [];
  let forced: { status: number; name: string } | undefined;

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const action = String(request.headers['x-amz-target']).replace('TrentService.', '');
    const body = JSON.parse(Buffer.concat(chunks).toString()) as KmsRequest;
    const { status, answer } = perform(action, body);
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  function perform(action: string, { KeyId, Plaintext, CiphertextBlob, EncryptionContext = {} }: KmsRequest) {
    requests.push({ action, keyArn: KeyId, context: EncryptionContext });
    const fail = (status: number, name: string) => ({ status, answer: { __type: name, message: name } });
    if (forced) return fail(forced.status, forced.name);
    const key = keys.get(KeyId);
    if (key === undefined) return fail(400, 'NotFoundException');
    const context = Buffer.from(JSON.stringify(Object.entries(EncryptionContext).sort()));
    if (action === 'Encrypt') {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(context);
      const encrypted = Buffer.concat([cipher.update(Plaintext ?? '', 'base64'), cipher.final()]);
      const blob = Buffer.concat([nonce, encrypted, cipher.getAuthTag()]).toString('base64');
      return { status: 200, answer: { KeyId, CiphertextBlob: blob } };
    }
    try {
      const blob = Buffer.from(CiphertextBlob ?? '', 'base64');
      const decipher = createDecipheriv('aes-256-gcm', key, blob.subarray(0, 12)).setAAD(context);
      decipher.setAuthTag(blob.subarray(-16));
      const plaintext = Buffer.concat([decipher.update(blob.subarray(12, -16)), decipher.final()]);
      return { status: 200, answer: { KeyId, Plaintext: plaintext.toString('base64') } };
    } catch {
      return fail(400, 'InvalidCiphertextException');
    }
  }

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    createKey() {
      const arn = `arn:aws:kms:us-east-1:999988887777:key/${randomUUID()}`;
      keys.set(arn, randomBytes(32));
      return { arn };
    },
    answerWith(error) {
      forced = error;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
