import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openPermissionSets } from '../../service/permission-sets/index.js';
import { storedFacts } from '../../service/records/stored-facts.js';

const examples = path.join(__dirname, '../../examples/permission-sets');

let folder: string;
let dataDirectory: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'permission-sets-'));
  dataDirectory = mkdtempSync(path.join(tmpdir(), 'rolebridge-data-'));
  cpSync(examples, folder, { recursive: true });
});

const open = () =>
  openPermissionSets(folder, storedFacts({ dataDirectory, database: undefined }, 'served-permission-sets'));
const write = (file: string, text: string) => writeFileSync(path.join(folder, file), text);
const example = (file: string) => JSON.parse(readFileSync(path.join(examples, file), 'utf8'));

it('reads the sets of a folder, newest version first', async () => {
  const sets = await open();
  expect(sets.list().map(({ name, version }) => `${name}@${version}`)).toEqual([
    'deploy@2',
    'deploy@1',
    'read@1',
  ]);
  expect(sets.get('deploy')?.version).toBe(2);
  expect(sets.get('deploy', 1)?.title).toBe('Deploy infrastructure');
  expect(sets.get('deploy', 3)).toBeUndefined();
});

it('accepts reformatted files and new versions at a restart', async () => {
  await open();
  const { title, ...others } = example('deploy@1.json');
  write('deploy@1.json', JSON.stringify({ ...others, title }));
  write('deploy@3.json', JSON.stringify({ ...example('deploy@2.json'), version: 3 }));
  expect((await open()).get('deploy')?.version).toBe(3);
});

it('rejects a version that changed after it was served, even after an absence', async () => {
  await open();
  writeFileSync(
    path.join(folder, 'deploy@1.json'),
    JSON.stringify({ ...example('deploy@1.json'), title: 'Other' }),
  );
  const refused =
    'deploy@1.json: was changed after it was served. Restore the file, and put the change into a file with the next version.';
  await expect(open()).rejects.toThrow(refused);
  await expect(open()).rejects.toThrow(refused);
});

it('reports all problems of all files together', async () => {
  write('broken@1.json', '{');
  write('other@1.json', JSON.stringify(example('read@1.json')));
  write('Wrong.json', '{}');
  write('large@1.json', ' '.repeat(600 * 1024));
  write('bad@1.json', JSON.stringify({ ...example('read@1.json'), name: 'bad', title: '', extra: 1 }));
  await expect(open()).rejects.toThrow(
    [
      'ROLEBRIDGE_PERMISSION_SETS:',
      '  Wrong.json: is not named NAME@VERSION.json, such as deploy@3.json',
      '  bad@1.json: title must not be empty',
      '  bad@1.json: Unrecognized key: "extra"',
      '  broken@1.json: is not JSON',
      '  large@1.json: is larger than 512 KiB',
      "  other@1.json: is read@1 inside: name and version must be those of the file's name",
    ].join('\n'),
  );
});

it('reports a missing folder', async () => {
  await expect(
    openPermissionSets('/nowhere', { read: async () => ({}), add: async (hashes) => hashes }),
  ).rejects.toThrow("ROLEBRIDGE_PERMISSION_SETS: the folder /nowhere can't be read (ENOENT).");
});
