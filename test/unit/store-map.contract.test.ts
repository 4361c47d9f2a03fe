import { createRecordStore } from '../../service/records/record-store.js';
import { createMapBackend } from '../contract/map-backend.js';
import { storeContract } from '../contract/store.js';

storeContract('a Map', async () => {
  const store = createRecordStore(createMapBackend());
  // The in-memory store "reopens" by staying open.
  return { store, reopen: async () => store, dispose: () => store.close() };
});
