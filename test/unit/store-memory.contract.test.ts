import { createMemoryBackend } from '../../service/records/memory.js';
import { RecordStore } from '../../service/records/record-store.js';
import { storeContract } from '../contract/store.js';

storeContract('memory', async () => {
  const store = new RecordStore(createMemoryBackend());
  // What was kept in memory alone is opened again by leaving it open.
  return { store, reopen: async () => store, dispose: () => store.close() };
});
