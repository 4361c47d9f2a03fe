import type { AccessKeyConnection, Connection, RoleConnection } from '../../service/domain/connection.js';
import { nextVersion } from '../../service/domain/connection-transitions.js';
import type { Organization } from '../../service/domain/organization.js';
import type { Store } from '../../service/domain/ports.js';
import { aConnection, anAccessKeyConnection, anOrganization, at, changed, intent } from './records.js';

export interface OpenedStore {
  readonly store: Store;
  /** Closes the store and opens it again over the same data. */
  reopen(): Promise<Store>;
  /** Closes whatever is open and removes the data. */
  dispose(): Promise<void>;
}

/** A store with one organization, new for each test. */
export class Subject {
  store!: Store;
  organization!: Organization;
  #opened!: OpenedStore;

  constructor(openStore: () => Promise<OpenedStore>) {
    beforeEach(async () => {
      this.#opened = await openStore();
      this.store = this.#opened.store;
      this.organization = await this.another();
    });
    afterEach(() => this.#opened.dispose());
  }

  async reopen(): Promise<void> {
    this.store = await this.#opened.reopen();
  }

  /** One more organization. */
  async another(): Promise<Organization> {
    const organization = anOrganization();
    await this.store.createOrganization(organization);
    return organization;
  }

  async insert(differences: object = {}, inside = this.organization.id): Promise<RoleConnection> {
    const next = aConnection(inside, differences);
    await this.store.commit({ connection: { next, ifVersion: null, intent } });
    return next;
  }

  async insertKey(differences: object = {}, inside = this.organization.id): Promise<AccessKeyConnection> {
    const next = anAccessKeyConnection(inside, differences);
    await this.store.commit({ connection: { next, ifVersion: null, intent } });
    return next;
  }

  async update(connection: Connection, differences: object): Promise<Connection> {
    return this.replace(connection, changed(connection, differences));
  }

  /** Stores another state in its place. */
  async replace(connection: Connection, state: Connection): Promise<Connection> {
    const next = nextVersion(state, connection, at(60));
    await this.store.commit({ connection: { next, ifVersion: connection.version, intent } });
    return next;
  }

  read(connection: Connection): Promise<Connection | undefined> {
    return this.store.connection(connection.organizationId, connection.id);
  }
}
