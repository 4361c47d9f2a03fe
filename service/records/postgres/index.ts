/** The store for any number of processes: one PostgreSQL database. It knows the domain and SQL, never HTTP or AWS. */
export { openPostgresStore, type PostgresStoreOptions } from './open-postgres-store.js';
