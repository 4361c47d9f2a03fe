/** A service that reaches AWS and its webhook endpoints through a proxy alone, with an authority that is not public. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startKmsSandbox } from '../aws-sandbox/kms.js';
import { callbackMessage, provisioned } from '../callback-message.js';
import { runCommandLine } from '../command-line.js';
import { proofOf, registrationMessage } from '../enrolling-account.js';
import { until } from '../passing-clock.js';
import { startVendorProcess } from '../service-as-process.js';
import { callApi } from '../vendor.js';
import { startWebhookReceiver } from '../webhook-receiver.js';

const sts = 'sts.us-east-1.amazonaws.com';
const iam = 'iam.amazonaws.com';
const kmsHost = 'kms.us-east-1.amazonaws.com';
const hooks = 'hooks.vendor.example';

const folder = mkdtempSync(join(tmpdir(), 'rolebridge-proxy-'));
const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true, force: true });
});

const listening = async (server: Server): Promise<number> => {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};

/** A certificate for all the names, and the authority that it is from. */
function makeCertificates() {
  const file = (name: string) => join(folder, name);
  const openssl = (...words: string[]) => execFileSync('openssl', words, { stdio: 'pipe' });
  const key = (name: string) => ['-newkey', 'rsa:2048', '-nodes', '-keyout', file(`${name}.key`)];
  openssl('req', '-x509', ...key('ca'), '-days', '2', '-subj', '/CN=network', '-out', file('ca.pem'));
  openssl('req', ...key('server'), '-subj', '/CN=all', '-out', file('server.csr'));
  writeFileSync(
    file('names.cnf'),
    `subjectAltName=${[sts, iam, kmsHost, hooks].map((name) => `DNS:${name}`).join(',')}`,
  );
  const issuer = ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial', '-days', '2'];
  const names = ['-extfile', file('names.cnf')];
  openssl('x509', '-req', '-in', file('server.csr'), ...issuer, ...names, '-out', file('server.pem'));
  return {
    authority: file('ca.pem'),
    key: readFileSync(file('server.key')),
    cert: readFileSync(file('server.pem')),
  };
}

it('calls STS and KMS, verifies enrolling accounts and delivers webhooks through HTTPS_PROXY, except NO_PROXY', async () => {
  try {
    execFileSync('openssl', ['version']);
  } catch {
    process.stdout.write('not checked: the proxy (openssl is not installed)\n');
    return;
  }
  const { authority, key, cert } = makeCertificates();
  const kms = await startKmsSandbox();
  const receiver = await startWebhookReceiver();
  const { arn: keyArn } = kms.createKey();
  const behind = new Map<string, () => string>([
    [kmsHost, () => kms.url],
    [hooks, () => receiver.url],
  ]);
  const tls = createTlsServer({ key, cert }, (request, response) => {
    const target = new URL(behind.get(request.headers.host ?? '')?.() ?? '');
    const { method, url, headers } = request;
    request.pipe(
      httpRequest({ host: target.hostname, port: target.port, method, path: url, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      }),
    );
  });
  const tlsPort = await listening(tls);
  const asked: string[] = [];
  const proxy = createServer().on('connect', (request, socket, head) => {
    asked.push(request.url ?? '');
    const onward = connect(tlsPort, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    for (const end of [onward, socket]) end.on('error', () => [onward, socket].map((one) => one.destroy()));
  });
  const proxyUrl = `http://127.0.0.1:${await listening(proxy)}`;
  const vendor = await startVendorProcess({
    ROLEBRIDGE_STS_ENDPOINT: '',
    ROLEBRIDGE_KMS_KEY_ARNS: keyArn,
    ROLEBRIDGE_WEBHOOK_ENDPOINTS: `https://${hooks}/`,
    ROLEBRIDGE_WEBHOOK_SECRETS: receiver.secret,
    HTTPS_PROXY: proxyUrl,
    NODE_EXTRA_CA_CERTS: authority,
  });
  behind.set(sts, () => vendor.sandbox.url);
  behind.set(iam, () => vendor.sandbox.url);
  const service = await vendor.start();
  expect(service.output()).not.toContain('not AWS’s own');
  const apiKey = await vendor.organization(service);

  const enrollment = (await callApi(service.url, apiKey, 'POST', '/v1/enrollments', { name: 'all' })).body;
  const account = vendor.sandbox.createAccount();
  const { accountId } = account;
  const registered = await fetch(enrollment.enrollmentUrl, {
    method: 'POST',
    ...registrationMessage(enrollment, { proof: proofOf(vendor.sandbox, enrollment, accountId) }),
  });
  const { connectionId, externalId, callbackSecret } = (await registered.json()) as Record<string, string>;
  const { arn } = vendor.sandbox.createRole(accountId, {
    roleName: 'rolebridge',
    trustPolicy: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: vendor.environment.ROLEBRIDGE_PRINCIPAL },
          Action: 'sts:AssumeRole',
          Condition: { StringEquals: { 'sts:ExternalId': externalId } },
        },
      ],
    },
  });
  const connected = await fetch(`${service.url}/v1/callbacks`, {
    method: 'POST',
    ...callbackMessage(callbackSecret ?? '', provisioned(connectionId ?? '', arn)),
  });
  expect([registered.status, connected.status]).toEqual([200, 200]);
  await until(() => receiver.types(connectionId ?? '').includes('connection.connected'), 'the webhook');
  const { accessKeyId, secretAccessKey } = account.admin;
  const withKey = { name: 'key', method: 'access_key', accessKeyId, secretAccessKey };
  expect((await callApi(service.url, apiKey, 'POST', '/v1/connections', withKey)).status).toBe(201);
  const hosts = [hooks, iam, kmsHost, sts, 'sts.us-west-2.amazonaws.com'];
  expect([...new Set(asked)].sort()).toEqual(hosts.map((host) => `${host}:443`));
  service.child.kill('SIGTERM');
  await service.ended;

  // Directly, there is nothing of that name here: no verdict, and the proxy is not asked.
  asked.length = 0;
  const direct = await vendor.start({ NO_PROXY: sts, ROLEBRIDGE_STS_TIMEOUT_SECONDS: '1' });
  const checked = await callApi(direct.url, apiKey, 'POST', `/v1/connections/${connectionId}/verify`);
  expect([checked.status, checked.body.code]).toEqual([503, 'aws_unavailable']);
  expect(asked.filter((host) => host.startsWith(sts))).toEqual([]);

  await vendor.close();
  await receiver.close();
  await kms.close();
}, 90_000);

it('names a custom AWS endpoint at start and in doctor, wherever it was set', async () => {
  const vendor = await startVendorProcess({ ROLEBRIDGE_STS_ENDPOINT: '' });
  const service = await vendor.start({ AWS_ENDPOINT_URL: vendor.sandbox.url });
  for (const name of ['STS', 'IAM'])
    await until(() => service.output().includes(`"service":"${name}","endpoint":"${vendor.sandbox.url}"`));
  expect(service.output()).toContain('not AWS’s own');
  const before = { ...process.env };
  Object.assign(process.env, vendor.environment, { AWS_ENDPOINT_URL_STS: vendor.sandbox.url });
  const { stdout } = await runCommandLine(['doctor', '--json'], { env: vendor.environment });
  process.env = before;
  const of = (name: string) =>
    JSON.parse(stdout).checks.find(({ check }: { check: string }) => check === name);
  expect(of('AWS endpoints')).toMatchObject({
    outcome: 'warning',
    message: `Calls of STS go to ${vendor.sandbox.url}, which is not AWS's own.`,
  });
  expect(of('STS endpoint')).toMatchObject({ outcome: 'ok', message: `${vendor.sandbox.url} answers.` });
  await vendor.close();
}, 60_000);
