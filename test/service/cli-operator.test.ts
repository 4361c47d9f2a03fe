import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommandLine } from '../command-line.js';
import { startOperator } from '../operator.js';

test('the command line acts for an organization: declares projects, labels and moves connections, lists across organizations', async () => {
  const vendor = await startOperator();
  const env = { ROLEBRIDGE_URL: vendor.service.url, ROLEBRIDGE_OPERATOR_TOKEN: vendor.token };
  const json = async (...words: string[]) => {
    const { stdout, stderr } = await runCommandLine([...words, '--json'], { env });
    expect([words, stderr]).toEqual([words, '']);
    return JSON.parse(stdout);
  };
  await vendor.operate('POST', '/v1/organizations', { name: 'tenant', reference: 't-9' });
  const tenant = ['--organization', 't-9'];
  const file = join(mkdtempSync(join(tmpdir(), 'rolebridge-projects-')), 'environments.json');
  writeFileSync(file, JSON.stringify([{ id: 'production', name: '本番' }]));
  const declared = ['projects', 'declare', 'shop', 'Web shop', '--environments', file];
  expect((await json(...declared, '--dry-run', ...tenant)).project.environments).toHaveLength(1);
  expect((await json('projects', 'list', ...tenant)).projects).toEqual([]);
  await json(...declared, ...tenant);
  expect((await json('projects', 'list', ...tenant)).projects).toMatchObject([
    { id: 'shop', name: 'Web shop' },
  ]);

  const { id } = await json(
    'connection',
    'create',
    'c',
    '--scope',
    'shop',
    '--reference',
    'aws-1',
    ...tenant,
  );
  const labels = ['--metadata', 'team=web', '--default-region', 'eu-central-1', '--reference', ''];
  const changed = await json('connection', 'change', id, ...labels, ...tenant);
  expect(changed).toMatchObject({ metadata: { team: 'web' }, defaultRegion: 'eu-central-1' });
  expect(changed.reference).toBeUndefined();
  const released = await json(
    'connection',
    'release-account',
    id,
    '--expected-account',
    '123123123123',
    ...tenant,
  );
  expect(released).toMatchObject({ expectedAccountId: '123123123123', callbackSecret: expect.any(String) });
  for (const [filter, found] of [
    ['--scope=shop', 1],
    ['--scope=blog', 0],
    ['--account-id=123123123123', 1],
    ['--status=connected', 0],
  ] as const)
    expect([filter, (await json('connection', 'list', filter, ...tenant)).connections.length]).toEqual([
      filter,
      found,
    ]);
  const shown = (await runCommandLine(['connection', 'show', id, ...tenant], { env })).stdout;
  expect(shown).toMatch(/^default region +eu-central-1$[\s\S]*^metadata.team +web$/m);
  const moved = await runCommandLine(['org', 'change', 't-9', '--targets', 'declared'], { env });
  expect(moved.stdout).toMatch(/^targets +declared$/m);
  await json('connection', 'create', 'd', '--scope', 'shop/production', ...tenant);
  const { connections } = await json('operator', 'connections', '--account-id', '123123123123');
  expect(connections).toMatchObject([{ organization: { reference: 't-9' }, connection: { id } }]);
  expect((await json('projects', 'delete', 'shop', ...tenant)).orphans).toMatchObject([
    { name: 'c' },
    { name: 'd' },
  ]);
  await vendor.close();
});
