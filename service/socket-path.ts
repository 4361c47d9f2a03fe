import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Paths of Unix sockets in a directory, until it is closed. The path of a socket has at most 107 bytes (`man 7 unix`):
 * below a longer directory, the path goes through the directory's file descriptor.
 */
export async function socketPathsIn(
  directory: string,
): Promise<{ path: (name: string) => string; close: () => Promise<void> }> {
  const isShort = Buffer.byteLength(join(directory, '.0123456789ab')) < 100;
  const handle: FileHandle | undefined = isShort ? undefined : await open(directory, 'r');
  return {
    path: (name) => (handle ? `/proc/self/fd/${handle.fd}/${name}` : join(directory, name)),
    close: async () => handle?.close(),
  };
}
