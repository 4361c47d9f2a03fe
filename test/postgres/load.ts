/** Customers and vendors at work on one service, and what each was answered. */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { OrganizationOnDatabase, ServiceProcess, VendorOnDatabase } from './service-processes.js';

/** Longer than anything may take: a client that waits that long hangs. */
const hangsAfterMs = 60_000;

export interface Answered {
  readonly kind: string;
  readonly atMs: number;
  readonly tookMs: number;
  /** Undefined when the connection to the service broke, as when its process is killed. */
  readonly status: number | undefined;
  readonly code?: string | undefined;
  readonly retryAfter?: string | null | undefined;
}

/** The service's answers about one connection: the count in its name that was acknowledged last, the last that was sent, and how many were. */
interface Known {
  readonly project: string;
  acknowledged: number;
  sent: number;
  renames: number;
}

export interface Load {
  readonly answers: Answered[];
  /** Ends all workers, when each has its last answer. */
  end(): Promise<void>;
  /** Everything that was acknowledged is in the database, and nothing partially. @throws Error that names the missing data */
  expectNothingLost(databaseUrl: string): Promise<{ connections: number; changes: number }>;
}

/** `writers` that each make connections and rename them, and `readers` that resolve, until they are stopped. */
export async function startLoad(
  vendor: VendorOnDatabase,
  process: () => ServiceProcess,
  { writers, readers }: { writers: number; readers: number },
): Promise<Load> {
  const organizations = await Promise.all(Array.from({ length: 4 }, () => vendor.organization(process())));
  const answers: Answered[] = [];
  const known = new Map<string, Known>();
  let isOver = false;
  let projects = 0;

  const ask = async (
    kind: string,
    organization: OrganizationOnDatabase,
    method: string,
    path: string,
    body?: unknown,
  ) => {
    const startedAt = performance.now();
    const answered = (rest: Pick<Answered, 'status' | 'code' | 'retryAfter'>) =>
      answers.push({ kind, atMs: Date.now(), tookMs: performance.now() - startedAt, ...rest });
    try {
      const response = await fetch(process().url + path, {
        method,
        headers: {
          authorization: `Bearer ${organization.apiKey}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(hangsAfterMs),
      });
      const content = JSON.parse((await response.text()) || '{}');
      const { status, headers } = response;
      answered({ status, code: content.code, retryAfter: headers.get('retry-after') });
      return { status, body: content };
    } catch {
      answered({ status: undefined });
      return undefined;
    }
  };
  const write = async (organization: OrganizationOnDatabase) => {
    while (!isOver) {
      projects += 1;
      const project = `project-${projects}`;
      const made = await ask('create', organization, 'POST', '/v1/connections', {
        name: '0',
        scope: { project },
      });
      if (made?.status !== 201) {
        await sleep(20);
        continue;
      }
      const connection: Known = { project, acknowledged: 0, sent: 0, renames: 0 };
      known.set(made.body.id, connection);
      for (let count = 1; count <= 3 && !isOver; count++) {
        connection.sent = count;
        const path = `/v1/connections/${made.body.id}`;
        const renamed = await ask('rename', organization, 'PATCH', path, { name: String(count) });
        if (renamed?.status !== 200) continue;
        connection.acknowledged = count;
        connection.renames += 1;
      }
    }
  };
  const read = async (organization: OrganizationOnDatabase) => {
    while (!isOver) {
      const found = await ask('resolve', organization, 'GET', '/v1/resolve?project=project-1');
      await sleep(found === undefined || found.status >= 500 ? 20 : 2);
    }
  };
  const of = (number: number) => organizations[number % organizations.length] as OrganizationOnDatabase;
  const workers = [
    ...Array.from({ length: writers }, (_, number) => write(of(number))),
    ...Array.from({ length: readers }, (_, number) => read(of(number))),
  ];
  return {
    answers,
    async end() {
      isOver = true;
      await Promise.all(workers);
    },
    expectNothingLost: (databaseUrl) => expectNothingLost(databaseUrl, known),
  };
}

async function expectNothingLost(databaseUrl: string, known: ReadonlyMap<string, Known>) {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const all = async (text: string) => (await client.query(text)).rows;
    const connections = await all(
      `SELECT key AS id, (value->>'version')::int AS version, status, value AS record FROM connections`,
    );
    const scopes = await all(
      "SELECT row_key AS connection_id, value AS scope_key FROM claims WHERE space LIKE 'scope %'",
    );
    const externalIds = await all(
      "SELECT row_key AS connection_id, value AS external_id FROM claims WHERE space = 'externalId'",
    );
    const audit = await all('SELECT connection_id, value AS record FROM audit_records');
    const records = new Map(connections.map((row) => [row.id as string, row.record]));

    for (const [id, { project, acknowledged, sent }] of known) {
      const record = records.get(id);
      if (record === undefined) throw new Error(`${id} was acknowledged and is not there.`);
      const count = Number(record.name);
      if (count < acknowledged || count > sent)
        throw new Error(`${id} was named ${acknowledged} for certain, perhaps ${sent}, and is ${count}.`);
      if (record.scopes[0]?.project !== project) throw new Error(`${id} has lost its scope.`);
    }
    // Unacknowledged writes: whole or absent.
    for (const { id, version, status } of connections) {
      const record = records.get(id);
      // A rename that was refused leaves the version as it was, whatever name the next one sets.
      const { renames, sent } = known.get(id) ?? { renames: 0, sent: Number(record.name) };
      if (
        record.version !== version ||
        record.status !== status ||
        version < 1 + renames ||
        version > 1 + sent
      )
        throw new Error(`${id} is stored in part: ${JSON.stringify({ version, status, record })}`);
    }
    const sorted = (rows: string[]) => JSON.stringify(rows.sort());
    if (
      sorted(scopes.map((row) => `${row.connection_id} ${row.scope_key}`)) !==
      sorted(
        [...records.values()].flatMap(({ id, scopes: held }) =>
          held.map((scope: { project: string }) => `${id} ${scope.project}`),
        ),
      )
    )
      throw new Error('The scopes are not those of the connections.');
    if (
      sorted(externalIds.map((row) => `${row.connection_id} ${row.external_id}`)) !==
      sorted([...records.values()].map(({ id, externalId }) => `${id} ${externalId}`))
    )
      throw new Error('The external IDs are not those of the connections.');
    // No change without its intent, which was written before.
    const intents = new Map<string, number>();
    for (const row of audit) {
      const { action, phase } = row.record;
      if (phase === 'intent' && action.startsWith('connection.'))
        intents.set(row.connection_id, (intents.get(row.connection_id) ?? 0) + 1);
    }
    for (const { id, version } of connections)
      if ((intents.get(id) ?? 0) < version)
        throw new Error(`${id} was changed ${version} times and has ${intents.get(id)} intents.`);
    const changes = [...known.values()].reduce((sum, { renames }) => sum + renames + 1, 0);
    return { connections: connections.length, changes };
  } finally {
    await client.end();
  }
}

/** Everything else is a fault: a 5xx without `Retry-After`, another code, or no answer. */
export const wentWrong = ({ status, code, retryAfter }: Answered): boolean =>
  status === undefined ||
  (status >= 400 &&
    !(status === 503 && code === 'store_unavailable' && Number(retryAfter) > 0) &&
    status !== 404);
