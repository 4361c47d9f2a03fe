/** Runs every RUN of the Dockerfile in clean folders, then its health check against its entry point. No engine is needed. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { until } from '../passing-clock.js';

const root = mkdtempSync(join(tmpdir(), 'rolebridge-dockerfile-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** The instructions, continued lines joined, each with the folder that its stage's WORKDIR stands for. */
const instructions = readFileSync('deploy/Dockerfile', 'utf8')
  .replace(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => /^[A-Z]+ /.test(line))
  .map((line) => {
    const [, name = '', rest = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    return { name, rest };
  });

test('builds, runs as its entry point says, and its health check passes', async () => {
  const stages: { name: string; directory: string; workdir: string }[] = [];
  // Behind a company's proxy npm needs its certificate authority.
  const { PATH = '', NODE_EXTRA_CA_CERTS = '', HTTPS_PROXY = '' } = process.env;
  const env: Record<string, string> = { PATH, NODE_EXTRA_CA_CERTS, HTTPS_PROXY, HOME: root };
  const all = new Map<string, string>();
  for (const { name, rest } of instructions) {
    const stage = stages.at(-1);
    if (name === 'FROM') {
      const stageName = / AS (\w+)$/.exec(rest)?.[1] ?? 'final';
      const directory = join(root, stageName);
      mkdirSync(directory);
      stages.push({ name: stageName, directory, workdir: '/' });
    } else if (stage === undefined || ['LABEL', 'ARG', 'VOLUME', 'USER', 'EXPOSE'].includes(name)) continue;
    else if (name === 'WORKDIR') stage.workdir = rest;
    else if (name === 'COPY') {
      const [, from, source = '', target = ''] = /^(?:--from=(\w+) )?(\S+) (\S+)$/.exec(rest) ?? [];
      const other = stages.find((one) => one.name === from);
      if (other) cpSync(source.replace(other.workdir, other.directory), join(stage.directory, target));
      else copyRepository(stage.directory);
    } else if (name === 'RUN') {
      // The folders of the image's root are the stage's here; owners need an engine.
      const command = rest.replaceAll(' /data', ` ${stage.directory}/data`).replace(/ && chown \S+ \S+/, '');
      const ran = spawnSync('sh', ['-c', command], { cwd: stage.directory, env, encoding: 'utf8' });
      expect({ command, status: ran.status, stderr: ran.status === 0 ? '' : ran.stderr }).toEqual({
        command,
        status: 0,
        stderr: '',
      });
    } else if (name === 'ENV')
      for (const [, key = '', value = ''] of rest.matchAll(/(\w+)=(\S+)/g))
        env[key] = value
          .replaceAll('/app', stage.directory)
          .replace('$PATH', env.PATH ?? '')
          .replace('/data', `${stage.directory}/data`);
    else all.set(name, rest);
  }

  const final = stages.at(-1)?.directory ?? '';
  const settings = { ...env, ROLEBRIDGE_HOST: '127.0.0.1', ROLEBRIDGE_PORT: '18080' };
  const made = spawnSync(
    'rolebridge',
    ['setup', '--file', join(root, 'env'), '--principal', 'arn:aws:iam::111122223333:role/r'],
    { cwd: final, env: settings, encoding: 'utf8' },
  );
  expect([made.status, made.stderr]).toEqual([0, '']);
  for (const line of readFileSync(join(root, 'env'), 'utf8').trim().split('\n')) {
    const [key = '', ...value] = line.split('=');
    if (key !== 'ROLEBRIDGE_DATA_DIR') Object.assign(settings, { [key]: value.join('=') });
  }
  const [entry = ''] = JSON.parse(all.get('ENTRYPOINT') ?? '[]');
  const service = spawn(entry, JSON.parse(all.get('CMD') ?? '[]'), { cwd: final, env: settings });
  const [, check = '[]'] = / CMD (\[.*\])$/.exec(all.get('HEALTHCHECK') ?? '') ?? [];
  const [node = '', ...words] = JSON.parse(check) as string[];
  const healthy = () => spawnSync(node, words, { env: settings }).status === 0;
  await until(healthy, 'the health check');
  const ended = new Promise((resolve) => service.once('close', resolve));
  service.kill('SIGTERM');
  expect(await ended).toBe(0);
  expect(healthy()).toBe(false);
}, 600_000);

/** Files tracked by Git: .dockerignore excludes only node_modules, dist and secrets. */
function copyRepository(to: string): void {
  const files = execFileSync('git', ['ls-files', '-z'], { encoding: 'utf8', maxBuffer: 1e8 })
    .split('\0')
    .filter(Boolean);
  for (const file of files) {
    mkdirSync(dirname(join(to, file)), { recursive: true });
    cpSync(file, join(to, file));
  }
}
