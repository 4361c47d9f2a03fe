import type { StoredFacts } from '../secrets/key-check.js';
import { factsInDirectory } from './lowdb/facts.js';
import type { StoreChoice } from './open.js';
import { factsInDatabase } from './postgres/facts.js';

/** Texts that belong to no organization and are read before the store is opened. */
export const storedFacts = (
  { dataDirectory, database }: Pick<StoreChoice, 'dataDirectory' | 'database'>,
  name: 'service-key-checks' | 'served-permission-sets' | 'integrity-keys',
): StoredFacts =>
  database === undefined
    ? factsInDirectory(dataDirectory, name)
    : factsInDatabase(database.url, name.replaceAll('-', '_'));
