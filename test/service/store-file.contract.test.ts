import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFileStore } from '../../service/stores/file/index.js';
import { storeContract } from '../contract/store.js';

storeContract('a directory of files', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'rolebridge-'));
  const store = await openFileStore({ directory });
  let latest = store;
  return {
    store,
    reopen: async () => {
      await latest.close();
      latest = await openFileStore({ directory });
      return latest;
    },
    dispose: async () => {
      await latest.close();
      await rm(directory, { recursive: true });
    },
  };
});
