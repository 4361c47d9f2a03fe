import { mkdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { Low } from 'lowdb';
import { JSONFile } from 'lowdb/node';
import { createOrganization } from '../../service/actions/create-organization.js';
import type { Connection } from '../../service/domain/connection.js';
import type { OrganizationId } from '../../service/domain/ids.js';
import { commandLine, openFileStore, systemClock } from '../../service/index.js';
import { intent } from '../contract/intent.js';
import { connectedConnection, scopesOf } from './connections.js';
import { together } from './measure.js';
import { serve } from './processes.js';

/** Where the changes of connections go; each write is acknowledged when its promise is fulfilled. */
export type Place = 'store' | 'lowdb' | 'append';

const atOnce = 32;
let connections: Connection[] = [];
let write: (next: Connection, ifVersion: number, number: number) => Promise<void>;

const handlers = { start, run };
export type WritesHandlers = typeof handlers;
serve(handlers);

async function start(wanted: {
  place: Place;
  directory: string;
  organizations: number;
  connectionsEach: number;
}): Promise<void> {
  mkdirSync(wanted.directory, { recursive: true });
  write = await { store: onStore, lowdb: onLowdb, append: onLog }[wanted.place](wanted);
}

/** Connections in turn, another organization each time; no two workers ever have the same one. */
async function run(until: { count?: number; durationMs?: number }) {
  return together(atOnce, until, async (index) => {
    const number = index % connections.length;
    const old = connections[number] as Connection;
    const next = {
      ...old,
      name: `renamed ${index}`,
      version: old.version + 1,
      updatedAt: new Date().toISOString(),
    };
    connections[number] = next;
    await write(next, old.version, number);
  });
}

type Wanted = Parameters<typeof start>[0];

async function onStore(wanted: Wanted): Promise<typeof write> {
  const store = await openFileStore({ directory: wanted.directory });
  const organizationIds: OrganizationId[] = [];
  for (let number = 0; number < wanted.organizations; number++) {
    const { organization } = await createOrganization({ store, clock: systemClock }, commandLine(), {
      name: `organization ${number}`,
    });
    organizationIds.push(organization.id);
  }
  connections = connectionsOf(wanted, organizationIds);
  await Promise.all(
    connections.map((next) => store.commit({ connection: { next, ifVersion: null, intent } })),
  );
  return (next, ifVersion) => store.commit({ connection: { next, ifVersion, intent } });
}

/** As lowdb's README has it: change `db.data`, then `db.write()`. */
async function onLowdb(wanted: Wanted): Promise<typeof write> {
  connections = connectionsOf(wanted, ids(wanted));
  const db = new Low(new JSONFile<{ connections: Connection[] }>(`${wanted.directory}/db.json`), {
    connections: [...connections],
  });
  await db.write();
  return (next, _, number) => {
    db.data.connections[number] = next;
    return db.write();
  };
}

/** The baseline of a log: each record appended, then fsync, before it is acknowledged. */
async function onLog(wanted: Wanted): Promise<typeof write> {
  connections = connectionsOf(wanted, ids(wanted));
  const log = await open(`${wanted.directory}/log.jsonl`, 'a');
  return async (next) => {
    await log.write(`${JSON.stringify(next)}\n`);
    await log.sync();
  };
}

const ids = ({ organizations }: Wanted) =>
  Array.from({ length: organizations }, (_, number) => `org_${number}` as OrganizationId);

/** Neighbours belong to different organizations. */
function connectionsOf({ connectionsEach }: Wanted, organizationIds: OrganizationId[]): Connection[] {
  return scopesOf(connectionsEach).flatMap((scope, round) =>
    organizationIds.map((organizationId, number) =>
      connectedConnection(organizationId, round * organizationIds.length + number, scope),
    ),
  );
}
