/** The service with PostgreSQL over TLS, as it is set with `DATABASE_URL`. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PostgresServer, startPostgres } from '../postgres/index.js';
import { startVendorProcess } from '../service-as-process.js';
import { callApi } from '../vendor.js';

const openssl = (...words: string[]) => execFileSync('openssl', words, { stdio: 'pipe' });
const hasOpenssl = (() => {
  try {
    return openssl('version').length > 0;
  } catch {
    return false;
  }
})();
const folder = mkdtempSync(join(tmpdir(), 'rolebridge-tls-'));
const file = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function makeAuthority(name: string): void {
  const subject = ['-subj', `/CN=${name}`, '-addext', 'basicConstraints=critical,CA:TRUE'];
  const output = ['-keyout', file(`${name}.key`), '-out', file(`${name}.pem`)];
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject, ...output);
}

/** For `localhost` alone: the server's address is another name. */
function makeServerCertificate(): { certificate: string; key: string } {
  const [request, issued] = [file('server.csr'), file('server.pem')];
  openssl(
    'req',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-subj',
    '/CN=database',
    '-keyout',
    file('server.key'),
    '-out',
    request,
  );
  writeFileSync(file('names.cnf'), 'subjectAltName=DNS:localhost');
  const issuer = ['-CA', file('ours.pem'), '-CAkey', file('ours.key'), '-CAcreateserial'];
  openssl(
    'x509',
    '-req',
    '-in',
    request,
    '-days',
    '2',
    ...issuer,
    '-extfile',
    file('names.cnf'),
    '-out',
    issued,
  );
  return {
    certificate: readFileSync(file('server.pem'), 'utf8'),
    key: readFileSync(file('server.key'), 'utf8'),
  };
}

if (!hasOpenssl)
  test('PostgreSQL over TLS', () => {
    process.stdout.write('not checked: PostgreSQL over TLS (openssl is not installed)\n');
  });
else
  describe('PostgreSQL over TLS with sslmode=verify-full', () => {
    let server: PostgresServer;
    let vendor: Awaited<ReturnType<typeof startVendorProcess>>;
    beforeAll(async () => {
      for (const name of ['ours', 'another']) makeAuthority(name);
      server = await startPostgres({ tls: makeServerCertificate() });
      vendor = await startVendorProcess();
    }, 60_000);
    afterAll(async () => {
      await vendor.close();
      await server.dispose();
    });

    const urlWith = (host: string, authority: string) => {
      const url = new URL(server.url);
      url.hostname = host;
      url.searchParams.set('sslmode', 'verify-full');
      url.searchParams.set('sslrootcert', file(authority));
      return { DATABASE_URL: url.href };
    };

    it('works with the CA of the server’s certificate', async () => {
      const service = await vendor.start(urlWith('localhost', 'ours.pem'));
      const apiKey = await vendor.organization(service);
      expect((await callApi(service.url, apiKey, 'GET', '/v1/connections')).status).toBe(200);
      expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
    }, 60_000);

    it.each([
      ['another CA', 'localhost', 'another.pem', /certificate is not trusted.*sslrootcert=FILE/s],
      ['a name that the certificate has not', '127.0.0.1', 'ours.pem', /the host as in the certificate/],
      ['a file that is not there', 'localhost', 'none.pem', /Make the file readable.*sslrootcert/s],
    ])(
      'rejects %s, and names the setting',
      async (_name, host, authority, message) => {
        const ended = vendor.start(urlWith(host, authority));
        await expect(ended).rejects.toThrow(message);
        // A stack is for bugs.
        await expect(ended).rejects.not.toThrow(/\n {4}at /);
      },
      60_000,
    );
  });
