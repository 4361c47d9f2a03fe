import { createRecordStore } from '../../service/records/record-store.js';
import { createMapBackend } from '../contract/map-backend.js';
import { storeContract } from '../contract/store.js';

storeContract('a Map', async () => {
  const store = createRecordStore(createMapBackend());
  // What was kept in memory alone is opened again by leaving it open.
  return { store, reopen: async () => store, dispose: () => store.close() };
});
