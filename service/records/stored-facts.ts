import type { StoredFacts } from '../secrets/key-check.js';
import { factsInDirectory } from './lowdb/facts.js';
import type { StoreChoice } from './open.js';
import { factsInDatabase } from './postgres/facts.js';

type Place = Pick<StoreChoice, 'dataDirectory' | 'database'>;

export const keyCheckFile = (place: Place): StoredFacts => factsFile(place, 'service-key-checks');

/** Which versions of permission sets were served, with their hashes. */
export const servedPermissionSets = (place: Place): StoredFacts => factsFile(place, 'served-permission-sets');

/** The keys that sign the store, encrypted. */
export const storedIntegrityKeys = (place: Place): StoredFacts => factsFile(place, 'integrity-keys');

const factsFile = ({ dataDirectory, database }: Place, name: string): StoredFacts =>
  database === undefined
    ? factsInDirectory(dataDirectory, name)
    : factsInDatabase(database.url, name.replaceAll('-', '_'));
