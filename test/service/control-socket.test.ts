/** Commands beside a running service, through the socket in its data directory. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askForControl, listenForControl } from '../../service/control-socket.js';

const directory = mkdtempSync(join(tmpdir(), 'rolebridge-control-'));
afterAll(() => rmSync(directory, { recursive: true }));

test('an answer of any length arrives, and a question over 64 kB is refused', async () => {
  const tokens = Array.from({ length: 5_000 }, (_, index) => ({ id: `opt_${index}`, name: 'backend' }));
  const asked: unknown[] = [];
  const end = await listenForControl(directory, async (question) => {
    asked.push(question);
    return { tokens };
  });
  expect(await askForControl(directory, { command: 'operator-token.list' })).toEqual({ tokens });
  await expect(askForControl(directory, { name: 'x'.repeat(100_000) })).rejects.toThrow();
  expect(asked).toEqual([{ command: 'operator-token.list' }]);
  await end();
});

test('a data directory may have a longer path than a socket', async () => {
  const deep = join(directory, 'd'.repeat(120));
  expect(await askForControl(deep, {})).toBeUndefined();
  mkdirSync(deep);
  expect(await askForControl(deep, {})).toBeUndefined();
  const end = await listenForControl(deep, async () => ({ tokens: [] }));
  expect(await askForControl(deep, {})).toEqual({ tokens: [] });
  await end();
  expect(await askForControl(deep, {})).toBeUndefined();
});
