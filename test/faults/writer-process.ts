/** Verifies that every acknowledged write is stored, and then writes until it is killed. */
import { randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Connection } from '../../service/domain/connection.js';
import type { OrganizationId } from '../../service/domain/ids.js';
import type { Store } from '../../service/domain/ports.js';
import { openFileStore, openPostgresStore } from '../../service/records/open.js';
import {
  aConnection,
  aJob,
  aMessage,
  anAccessKeyConnection,
  anAuditRecord,
  anOrganization,
  aToken,
  at,
  idempotencyRecordOf,
  intent,
} from '../contract/records.js';
import { type Acknowledged, differences } from './expected.js';

export interface Task {
  readonly directory: string;
  readonly databaseUrl?: string | undefined;
  /** A file with earlier acknowledged writes, one per line. */
  readonly acknowledged: string;
  readonly writes: boolean;
}

const pairsAtOnce = 32;
const organizations = 4;
const keys = [{ id: 'k1', key: Buffer.alloc(32, 7) }];

/**
 * Blocks until the line is in the pipe: `process.stdout` would keep it in memory while the pipe is full, and a kill would
 * lose the acknowledgement.
 */
const say = (line: Acknowledged | { opened: { wrong: string[]; checked: number; openMs: number } }) => {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  for (let written = 0; written < bytes.length; )
    try {
      written += writeSync(1, bytes, written);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(pause, 0, 0, 1);
    }
};

const pause = new Int32Array(new SharedArrayBuffer(4));

async function main({ directory, databaseUrl, acknowledged, writes }: Task): Promise<void> {
  const startedAt = performance.now();
  // On a busy machine, a writer may wait long for a session: that is no fault.
  const patience = { maxSessions: 8, connectTimeoutMs: 60_000, statementTimeoutMs: 60_000 };
  const store =
    databaseUrl === undefined
      ? await openFileStore({ directory, keys })
      : await openPostgresStore({ url: databaseUrl, keys, ...patience });
  const openMs = performance.now() - startedAt;
  const lines = (await readFile(acknowledged, 'utf8')).split('\n').filter(Boolean);
  const found = await differences(
    store,
    lines.map((line) => JSON.parse(line)),
    databaseUrl === undefined ? directory : undefined,
  );
  say({ opened: { ...found, openMs } });
  if (!writes) return store.close();
  const created: OrganizationId[] = [];
  for (let number = 0; number < organizations; number++) {
    const organization = anOrganization();
    await store.createOrganization(organization);
    created.push(organization.id);
  }
  const inTurn = (number: number) => created[number % created.length] as OrganizationId;
  await Promise.all([
    ...Array.from({ length: pairsAtOnce }, (_, number) => passScope(store, inTurn(number))),
    destroyKeys(store, inTurn(0)),
    takeTokens(store, inTurn(1)),
  ]);
}

/** Two connections pass a scope to each other: both change at once, with a job, a message and an idempotency record. */
async function passScope(store: Store, organizationId: OrganizationId): Promise<void> {
  const pair = randomBytes(8).toString('hex');
  const scopes = [{ project: pair }];
  const pads = { name: 'x'.repeat(1 + Math.floor(Math.random() * 1000)) };
  let holder: Connection = aConnection(organizationId, { ...pads, scopes });
  let other: Connection = aConnection(organizationId, pads);
  await store.commit({ connection: { next: holder, ifVersion: null, intent } });
  await store.commit({ connection: { next: other, ifVersion: null, intent } });
  say({ pair, organizationId, ids: [holder.id, other.id] });
  for (let version = 2; ; version++) {
    const record = anAuditRecord(organizationId, { connectionId: other.id });
    await store.appendAudit([record]);
    say({ audit: record.id, organizationId });
    const next = { ...other, scopes, version } as Connection;
    const id = `msg_${pair}_${version}`;
    const idempotency = {
      ...idempotencyRecordOf(next),
      webhookId: id,
      answer: { status: 200, body: String(version) },
    };
    const message = aMessage(next, { id });
    await store.commit({
      connection: { next, ifVersion: version - 1, intent },
      replaceScopes: true,
      jobs: [aJob(next, { attempts: version })],
      messages: [message],
      idempotency,
    });
    say({ pair, version });
    if (version > 2)
      await store.completeMessage(
        { ...message, id: `msg_${pair}_${version - 1}`, connectionId: holder.id },
        undefined,
      );
    other = { ...holder, scopes: [], version } as Connection;
    holder = next;
  }
}

async function destroyKeys(store: Store, organizationId: OrganizationId): Promise<void> {
  for (;;) {
    const encrypted = `encrypted-${randomBytes(12).toString('hex')}`;
    const connection = anAccessKeyConnection(organizationId, {
      accessKey: {
        lastFour: 'WXYZ',
        principalArn: 'arn:aws:iam::123456789012:user/deploy',
        encrypted: {
          keyId: 'k1',
          wrappedDataKey: encrypted,
          accessKeyId: encrypted,
          secretAccessKey: encrypted,
        },
      },
    });
    await store.commit({ connection: { next: connection, ifVersion: null, intent } });
    say({ key: connection.id, encrypted, is: 'held' });
    await new Promise((resolve) => setTimeout(resolve, 20));
    say({ key: connection.id, encrypted, is: 'going' });
    const {
      accessKey: _,
      accountId: __,
      verification: ___,
      ...rest
    } = connection as typeof connection & Record<string, unknown>;
    const next = {
      ...rest,
      status: 'disconnected',
      reason: 'deleted',
      disconnectedAt: at(9),
      version: 2,
    } as unknown as Connection;
    await store.commit({ connection: { next, ifVersion: 1, intent } });
    say({ key: connection.id, encrypted, is: 'destroyed' });
  }
}

async function takeTokens(store: Store, organizationId: OrganizationId): Promise<void> {
  for (;;) {
    const token = randomBytes(32).toString('hex');
    await store.saveToken(aToken(organizationId, { hash: token }));
    say({ token, is: 'saved' });
    await new Promise((resolve) => setTimeout(resolve, 5));
    say({ token, is: 'going' });
    await store.takeToken('web_session', token);
    say({ token, is: 'taken' });
  }
}

main(JSON.parse(process.argv[2] as string)).catch((error) => {
  process.stderr.write(`${error?.stack ?? error}\n`);
  process.exit(1);
});
