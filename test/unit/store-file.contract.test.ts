import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFileStore } from '../../service/records/file/index.js';
import { auditContract } from '../contract/audit.js';
import { storeContract } from '../contract/store.js';
import { Subject } from '../contract/subject.js';

async function openAFileStore(options: { auditSegmentBytes?: number } = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'rolebridge-'));
  const store = await openFileStore({ directory, ...options });
  let latest = store;
  return {
    store,
    reopen: async () => {
      await latest.close();
      latest = await openFileStore({ directory, ...options });
      return latest;
    },
    dispose: async () => {
      await latest.close();
      await rm(directory, { recursive: true });
    },
  };
}

storeContract('a directory of files', openAFileStore);

describe.each([1, 1000, 100_000])('an audit log in files of %i bytes', (auditSegmentBytes) =>
  auditContract(new Subject(() => openAFileStore({ auditSegmentBytes }))),
);
