import { createServer } from 'node:http';
import { writeFileSync } from 'node:fs';
import { startVendor } from './test/vendor.js';
import * as cm from './test/callback-message.js';
const vendor = await startVendor({ propagationDelayMs: 0, propagationWindowMs: 6000 } as any);
const AsyncFunction = Object.getPrototypeOf(async function () {}).constructor;
const server = createServer((req, res) => {
  let body = '';
  req.on('data', (c) => (body += c));
  req.on('end', async () => {
    try {
      const out = await new AsyncFunction('vendor', 'cm', body)(vendor, cm);
      res.end(JSON.stringify(out === undefined ? null : out));
    } catch (e: any) { res.statusCode = 500; res.end(String(e?.stack ?? e)); }
  });
});
server.listen(7699, '127.0.0.1', () => {
  writeFileSync(process.env.LAB + '/env', `SVC=${vendor.service.url}\nSB=${vendor.sandbox.url}\nKEY=${vendor.apiKey}\nPRINCIPAL=${vendor.principal}\nDATA=${vendor.directory}\nLABPID=${process.pid}\n`);
  console.log('ready', vendor.service.url);
});
process.on('SIGTERM', async () => { await vendor.close(); process.exit(0); });
