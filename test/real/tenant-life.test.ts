/** An independent client (tenant.py: Python, its standard library alone) does the whole life of a tenant. */
import { fileURLToPath } from 'node:url';
import { startOperator } from '../operator.js';
import { findCommand, notChecked, runCommand } from './tools.js';

const python = findCommand('python3');
if (!python) notChecked("a tenant's life with Python: there is no python3 on the PATH");

const onBoth = (python ? test : test.skip).each(['files', 'postgres']);

onBoth("Python does the whole life of a tenant with the operator's token, on %s", async (store) => {
  process.env.ROLEBRIDGE_TEST_STORE = store;
  const vendor = await startOperator({
    propagationDelayMs: 300,
    requireAccount: true,
    webhooks: { allowsPrivate: true },
  });
  try {
    const { accountId, admin } = vendor.sandbox.createAccount();
    const program = fileURLToPath(new URL('tenant.py', import.meta.url));
    const { stderr, stdout, code } = await runCommand(python ?? '', ['-I', program], {
      env: {
        SERVICE_URL: vendor.service.url,
        OPERATOR_TOKEN: vendor.token,
        AWS_URL: vendor.sandbox.url,
        ACCOUNT_ID: accountId,
        AWS_ACCESS_KEY_ID: admin.accessKeyId,
        AWS_SECRET_ACCESS_KEY: admin.secretAccessKey,
        PYTHONUTF8: '1',
      },
      timeoutMs: 60_000,
    });
    expect({ stderr, code, steps: stdout.trim().split('\n') }).toEqual({
      stderr: '',
      code: 0,
      steps: [
        'created by reference',
        'targets declared',
        'connected by a signed callback',
        'project renamed',
        'architecture moved, its scope too',
        'labelled, found by each filter',
        'resolved at once',
        'limited key',
        'created once by idempotency key',
        'lost key replaced',
        'limited link, one browser',
        'webhook tested, listed, replayed',
        'suspended',
        'resumed',
        'exported',
        'erased',
      ],
    });
  } finally {
    await vendor.close();
  }
});
