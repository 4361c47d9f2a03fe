import { type FileOperations, fileOperations } from '../service/records/lowdb/files.js';

/** The real operations, in which each call is first shown to `before` by name; its exception becomes the call's failure. */
export function watched(before: (call: string) => void | Promise<void>): FileOperations {
  return {
    ...fileOperations,
    open: (async (path: string, flags: string, mode?: number) => {
      const what = flags === 'r' ? 'directory' : 'file';
      await before(`open ${what}`);
      const handle = await fileOperations.open(path, flags, mode);
      return {
        writeFile: async (text: Buffer) => {
          await before('write');
          await handle.writeFile(text);
        },
        sync: async () => {
          await before(`fsync ${what}`);
          await handle.sync();
        },
        datasync: async () => {
          await before(`fsync ${what}`);
          await handle.datasync();
        },
        truncate: async (length: number) => {
          await before('truncate');
          await handle.truncate(length);
        },
        chmod: (mode: number) => handle.chmod(mode),
        close: () => handle.close(),
      };
    }) as unknown as FileOperations['open'],
    rename: async (from, to) => {
      await before('rename');
      await fileOperations.rename(from, to);
    },
    unlink: async (path) => {
      await before('unlink');
      await fileOperations.unlink(path);
    },
    link: async (from, to) => {
      await before('link');
      await fileOperations.link(from, to);
    },
  };
}

export const failure = (code: string) => Object.assign(new Error(code), { code });
