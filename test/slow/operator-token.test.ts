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
    expect(JSON.parse((await run('revoke', id)).stdout)).toEqual({ revoked: id });
    expect((await ask()).status).toBe(401);
  } finally {
    await vendor.close();
  }
}, 60_000);
