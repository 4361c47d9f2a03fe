/**
 * Builds the image of deploy/Dockerfile and runs it as compose.yaml does: no root, no capabilities, a read-only file
 * system. ROLEBRIDGE_CONTAINER_ENGINE names a command with Docker's options; by default docker or podman, where it works.
 */
import { spawnSync } from 'node:child_process';
import { until } from '../passing-clock.js';
import { findCommand, notChecked } from './tools.js';

const base = 'docker.io/library/node:22-alpine';
const image = 'localhost/rolebridge-test';
const container = `rolebridge-test-${process.pid}`;
const hardened = [
  '--read-only',
  '--cap-drop',
  'ALL',
  '--security-opt',
  'no-new-privileges',
  '--tmpfs',
  '/tmp',
];

const candidates = process.env.ROLEBRIDGE_CONTAINER_ENGINE
  ? [process.env.ROLEBRIDGE_CONTAINER_ENGINE]
  : ['docker', 'podman'].filter(findCommand);
const run = (command: string, words: readonly string[]) => spawnSync(command, words, { encoding: 'utf8' });
const works = (command: string) => run(command, ['run', '--rm', base, 'node', '--version']).status === 0;
const engine = candidates.find(works);
if (engine === undefined)
  notChecked(
    `the container image: no engine that can run ${base} (${candidates.join(', ') || 'none installed'})`,
  );

/** The output; a failure shows the command and its errors. */
function out(...words: string[]): string {
  const { status, stdout, stderr } = run(engine ?? '', words);
  expect({ words, status, stderr: status === 0 ? '' : stderr }).toEqual({ words, status: 0, stderr: '' });
  return stdout.trim();
}

afterAll(() => {
  if (engine) run(engine, ['rm', '-f', '-v', container]);
});

(engine ? test : test.skip)(
  'the image runs hardened, reports its health and stops in time',
  async () => {
    out('build', '-f', 'deploy/Dockerfile', '--build-arg', 'VERSION=1.2.3', '-t', image, '.');
    const [{ Config: config, Healthcheck: podmans }] = JSON.parse(out('image', 'inspect', image));
    expect(config).toMatchObject({ User: 'node', Labels: { 'org.opencontainers.image.version': '1.2.3' } });
    expect(out('run', '--rm', ...hardened, image, '--version')).toMatch(/^\d+\.\d+\.\d+$/);

    const settings = {
      ROLEBRIDGE_PORT: '18086',
      ROLEBRIDGE_PRINCIPAL: 'arn:aws:iam::111122223333:role/rolebridge',
      ROLEBRIDGE_SERVICE_KEYS: `k1:${Buffer.alloc(32, 7).toString('base64')}`,
    };
    const env = Object.entries(settings).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
    out('run', '-d', '--name', container, ...hardened, ...env, image);
    const inside = (...words: string[]) => run(engine ?? '', ['exec', container, ...words]);
    const [, ...check] = (config.Healthcheck ?? podmans).Test as string[];
    await until(() => inside(...check).status === 0, 'the health check');
    expect(inside('id', '-un').stdout.trim()).toBe('node');
    expect(inside('touch', '/app/file').stderr).toMatch(/Read-only file system/);
    expect(inside('grep', 'CapEff', '/proc/1/status').stdout).toMatch(/\t0+\n/);
    expect(out('exec', container, 'rolebridge', 'org', 'create', 'acme')).toMatch(/rbk_/);
    out('stop', '-t', '15', container);
    expect(out('inspect', '--format', '{{.State.ExitCode}}', container)).toBe('0');
  },
  600_000,
);
