import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFileStore } from '../../service/records/open.js';
import { storeContract } from '../contract/store.js';

storeContract('a data directory', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'rolebridge-'));
  let latest = await openFileStore({ directory });
  return {
    store: latest,
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
