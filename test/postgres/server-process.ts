/**
 * A process that owns one PostgreSQL server, so that it ends and its data go however the test that asked for it ends.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { serve } from '../bench/processes.js';
import { postgresPrograms } from './programs.js';

export interface PostgresWanted {
  /** Settings of the server, such as `max_connections=200`. */
  readonly settings?: readonly string[];
  /** PEM: the server takes sessions over TLS with it, and those without as well. */
  readonly tls?: { readonly certificate: string; readonly key: string };
}

let server: Server | undefined;
const handlers = { start, stop, startAgain, killHard, pause, proceed };
export type PostgresHandlers = typeof handlers;
const runner = Number(process.env.ENDS_WITH_PROCESS ?? 0);
if (runner > 0) endWith(runner);
serve(handlers, { endsWithParent: runner === 0 });
process.on('exit', () => server?.remove());
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));

interface Server {
  readonly port: number;
  run(): Promise<void>;
  /** Of the server's first process and all that it started. */
  processes(): number[];
  ended(): Promise<void>;
  remove(): void;
}

async function start(wanted: PostgresWanted): Promise<{ port: number }> {
  const directory = mkdtempSync(join(tmpdir(), 'rolebridge-postgres-'));
  const port = await freePort();
  const output: string[] = [];
  let first: ChildProcess | undefined;
  const remove = () => {
    for (const pid of first?.pid === undefined ? [] : [first.pid, ...childrenOf(first.pid)])
      kill(pid, 'SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const { initdb, postgres, user } = await postgresPrograms(directory);
    const options = { ...user, cwd: directory, env: { PATH: process.env.PATH, LC_ALL: 'C' } };
    const data = join(directory, 'data');
    execFileSync(
      initdb,
      [
        '--auth=trust',
        '--username=rolebridge',
        '--no-sync',
        '--no-instructions',
        '--encoding=UTF8',
        '--locale=C',
        data,
      ],
      { ...options, stdio: 'pipe' },
    );
    const tls = Object.entries({ 'server.crt': wanted.tls?.certificate, 'server.key': wanted.tls?.key });
    for (const [name, pem] of wanted.tls ? tls : []) {
      const file = join(data, name);
      writeFileSync(file, pem ?? '', { mode: 0o600 });
      if (user) chownSync(file, user.uid, user.gid);
    }
    const settings = [
      ...(wanted.tls ? ['ssl=on'] : []),
      'listen_addresses=127.0.0.1',
      'shared_buffers=32MB',
      'max_connections=100',
      // Many small starts share a machine with the tests.
      'autovacuum_naptime=60s',
      // Beside its data, so that a server that is killed leaves nothing elsewhere.
      'dynamic_shared_memory_type=mmap',
      ...(wanted.settings ?? []),
    ].flatMap((setting) => ['-c', setting]);
    /** False when it ends before it is ready. */
    const runOnce = () =>
      new Promise<boolean>((resolve) => {
        const child = spawn(postgres, ['-D', data, '-p', String(port), '-k', directory, ...settings], {
          ...options,
          stdio: ['ignore', 'ignore', 'pipe'],
        });
        first = child;
        child.stderr.on('data', (text) => {
          output.push(String(text));
          if (String(text).includes('database system is ready to accept connections')) resolve(true);
        });
        child.once('error', () => resolve(false));
        child.once('exit', () => resolve(false));
      });
    const hasEnded = () => first === undefined || first.exitCode !== null || first.signalCode !== null;
    server = {
      port,
      async run() {
        // Shared memory of a server that was killed goes with its last process, a moment later.
        for (let left = 50; !(await runOnce()); left--) {
          if (left === 0) throw new Error(`PostgreSQL does not start:\n${output.slice(-20).join('')}`);
          await sleep(100);
        }
      },
      processes: () => (first?.pid === undefined || hasEnded() ? [] : [first.pid, ...childrenOf(first.pid)]),
      async ended() {
        if (!hasEnded()) await new Promise((resolve) => first?.once('exit', resolve));
      },
      remove,
    };
    await server.run();
    return { port };
  } catch (error) {
    remove();
    throw error;
  }
}

/** As an administrator stops it: sessions are cut off, and committed data is written. */
async function stop(): Promise<void> {
  const [first] = running().processes();
  if (first !== undefined) kill(first, 'SIGINT');
  await running().ended();
}

async function startAgain(): Promise<void> {
  await running().run();
}

/** As when the machine goes: every process of the server at once. */
async function killHard(): Promise<void> {
  for (const pid of running().processes()) kill(pid, 'SIGKILL');
  await running().ended();
}

/** The server takes connections (its kernel does) and answers nothing. */
async function pause(): Promise<void> {
  for (const pid of running().processes()) kill(pid, 'SIGSTOP');
}

async function proceed(): Promise<void> {
  for (const pid of running().processes()) kill(pid, 'SIGCONT');
}

/** A server that several test files share outlives the one that started it, but not the run. */
function endWith(pid: number): void {
  setInterval(() => {
    try {
      process.kill(pid, 0);
    } catch {
      process.exit(0);
    }
  }, 1_000);
}

function running(): Server {
  if (server === undefined) throw new Error('The server was not started.');
  return server;
}

function childrenOf(parent: number): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => parentOf(pid) === parent);
  } catch {
    // Not Linux.
    return execFileSync('pgrep', ['-P', String(parent)], { encoding: 'utf8' })
      .split('\n')
      .filter(Boolean)
      .map(Number);
  }
}

function parentOf(pid: number): number | undefined {
  try {
    // `pid (name) state parent …`; the name may hold anything, parentheses too.
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1]);
  } catch {
    return undefined;
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone already.
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
