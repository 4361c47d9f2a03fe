/** Operator tokens on the machine of a service that runs on files. */
import { runCommandLine } from '../command-line.js';
import { startVendorProcess } from '../service-as-process.js';
import { callApi } from '../vendor.js';

it('are created, listed and revoked beside the running service', async () => {
  const vendor = await startVendorProcess();
  try {
    const { url } = await vendor.start();
    const run = (...words: string[]) =>
      runCommandLine(['operator-token', ...words, '--json'], { env: vendor.environment });
    const { id, token } = JSON.parse((await run('create', 'backend')).stdout);
    const ask = () => callApi(url, token, 'GET', '/v1/organizations');
    expect((await ask()).status).toBe(200);
    expect(JSON.parse((await run('list')).stdout).tokens).toMatchObject([{ id, name: 'backend' }]);
    expect(await run('revoke', 'opt_none')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('not_found'),
    });
    const link = await runCommandLine(['operator', 'link', 'backend', '--json'], { env: vendor.environment });
    expect(JSON.parse(link.stdout)).toEqual({
      url: expect.stringMatching(`^${url}/operator/sign-in/link\\?token=[A-Za-z0-9_-]{43}$`),
      name: 'backend',
      expiresAt: expect.stringMatching(/Z$/),
    });
    expect(JSON.parse((await run('revoke', id)).stdout)).toEqual({ revoked: id });
    expect((await ask()).status).toBe(401);
  } finally {
    await vendor.close();
  }
}, 60_000);
