/** Sends arbitrary calls to a running service, and holds it to three promises. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { callbackMessage, sign } from '../callback-message.js';
import { type ExactAnswer, exactRequest } from '../exact-request.js';
import { startVendor } from '../vendor.js';
import { type Call, callOf, type OpenApi } from './calls.js';
import { wellFormed } from './hostile.js';

const operatorToken = 'operator-token-of-at-least-32-characters';
const timeLimitMs = 5_000;

export interface FuzzResult {
  readonly calls: number;
  readonly statuses: Record<string, number>;
  readonly operations: number;
  readonly slowestMs: number;
}

/**
 * No answer of a fault (5xx), none later than five seconds, and no change that the call did not ask for: nothing changes
 * when it is refused, and never anything of another connection or organization.
 * @throws with the call and the seed, when a promise is not kept
 */
export async function fuzz({ calls, seed }: { calls: number; seed: number }): Promise<FuzzResult> {
  const vendor = await startVendor({
    propagationWindowMs: 0,
    maxWaitMs: 50,
    rateLimits: { key: 0, callbacks: 0, connection: 0, verifications: 0, address: 0 },
    operatorTokenHash: createHash('sha256').update(operatorToken).digest('hex'),
  });
  try {
    const world = await makeWorld(vendor);
    const document = (await (await fetch(`${vendor.service.url}/openapi.json`)).json()) as OpenApi;
    const statuses: Record<string, number> = {};
    const operations = new Set<string>();
    let slowestMs = 0;
    let before = await world.state();
    await fc.assert(
      fc.asyncProperty(callOf(document), async (call) => {
        const sent = await world.send(call);
        statuses[sent.status] = (statuses[sent.status] ?? 0) + 1;
        operations.add(call.operationId);
        slowestMs = Math.max(slowestMs, sent.ms);
        if (sent.status >= 500) throw new Error(`answered ${sent.status}: ${sent.text.slice(0, 500)}`);
        if (sent.ms > timeLimitMs) throw new Error(`took ${Math.round(sent.ms)} ms`);
        if (Object.hasOwn(Object.prototype, 'isAdmin')) throw new Error('a prototype was changed');
        const after = await world.state();
        expectOnlyWhatWasAsked(call, sent, before, after);
        before = (await world.tidy(after)) ? await world.state() : after;
      }),
      { numRuns: calls, seed, endOnFailure: true, verbose: 0 },
    );
    return { calls, statuses, operations: operations.size, slowestMs };
  } finally {
    await vendor.close();
  }
}

type Row = Record<string, unknown> & { id: string };
interface State {
  readonly connections: Map<string, Row>;
  readonly apiKeys: string;
  readonly others: string;
}
interface Sent extends ExactAnswer {
  /** The connection that the call names, if there is one. */
  readonly about: string | undefined;
}

/** Changes that a verification can make to its connection, even when it rejects the role. */
const ofVerification = new Set([
  'status',
  'verification',
  'roleArn',
  'accountId',
  'updatedAt',
  'migrateToRole',
  'principalArn',
  // It was disconnected, and is looked at again.
  'reason',
  'disconnectedAt',
]);
const verifies = new Set(['setRole', 'verifyConnection', 'receiveCallback', 'rotateAccessKey']);

function expectOnlyWhatWasAsked(call: Call, sent: Sent, before: State, after: State): void {
  if (after.others !== before.others) throw new Error('something of another organization has changed');
  const isChange = sent.status < 300 && call.method !== 'GET';
  if (after.apiKeys !== before.apiKeys && !(isChange && /ApiKey/.test(call.operationId)))
    throw new Error(`the API keys have changed, and the answer was ${sent.status}`);
  const names = new Set([...before.connections.keys(), ...after.connections.keys()]);
  for (const id of names) {
    const [one, other] = [before.connections.get(id), after.connections.get(id)];
    // The mark of the last credentials is written beside the answer, so it may show only after the next call.
    const changed = changesOf(one, other).filter((name) => name !== 'lastUsedAt');
    if (changed.length === 0) continue;
    if (isChange && call.operationId === 'createConnection' && one === undefined) continue;
    if (isChange && id === sent.about) continue;
    // Its scope was given to the one that the call is about.
    if (isChange && changed.every((name) => name === 'scopes' || name === 'updatedAt')) continue;
    if (
      verifies.has(call.operationId) &&
      id === sent.about &&
      changed.every((name) => ofVerification.has(name))
    )
      continue;
    throw new Error(
      `connection ${id} has changed (${changed}), and the answer was ${sent.status} about ${sent.about}`,
    );
  }
}

function changesOf(one: Row | undefined, other: Row | undefined): string[] {
  if (one === undefined || other === undefined) return ['all of it'];
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].filter(
    (name) => JSON.stringify(one[name]) !== JSON.stringify(other[name]),
  );
}

/** Two organizations with connections in every state; the calls are the first one's. */
async function makeWorld(vendor: Awaited<ReturnType<typeof startVendor>>) {
  const { url } = vendor.service;
  const stranger = await vendor.service.createOrganization('stranger');
  const callAs = (key: string) => (method: string, path: string, body?: unknown) =>
    vendor.call(method, path, body, key);
  const [own, others] = [callAs(vendor.apiKey), callAs(stranger.apiKey)];
  const secrets = new Map<string, string>();
  const statusTokens = new Map<string, string>();
  const roles: string[] = [];

  async function make(call: typeof own, isConnected: boolean) {
    const { body } = await call('POST', '/v1/connections', { name: 'made' });
    secrets.set(body.id, body.callbackSecret);
    if (body.statusToken) statusTokens.set(body.id, body.statusToken);
    const { accountId } = vendor.sandbox.createAccount();
    const { arn } = vendor.sandbox.createRole(accountId, { roleName: 'r', trustPolicy: body.trustPolicy });
    roles.push(arn);
    if (isConnected) await call('PUT', `/v1/connections/${body.id}/role`, { roleArn: arn });
    return body.id as string;
  }
  for (const isConnected of [true, true, false]) await make(own, isConnected);
  const theirs = [await make(others, true), await make(others, false)];

  const list = async (call: typeof own): Promise<Row[]> =>
    (await call('GET', '/v1/connections?limit=100')).body.connections;
  const state = async (): Promise<State> => ({
    connections: new Map((await list(own)).map((row) => [row.id, row])),
    apiKeys: JSON.stringify((await own('GET', '/v1/api-keys')).body),
    others: JSON.stringify([await list(others), (await others('GET', '/v1/api-keys')).body]),
  });

  return {
    state,
    /** Frees quota, and restores deleted objects. */
    async tidy({ connections }: State): Promise<boolean> {
      if (connections.size >= 4 && connections.size <= 40) return false;
      if (connections.size < 4) await make(own, true);
      else for (const id of [...connections.keys()].slice(8)) await own('DELETE', `/v1/connections/${id}`);
      return true;
    },
    async send(call: Call): Promise<Sent> {
      const { connections } = await state();
      const ids = [...connections.keys(), ...theirs];
      const named =
        typeof call.named === 'number' ? (ids[call.named % ids.length] ?? 'con_none') : call.named;
      const path = call.route.replace(/\{\w+\}/g, () => encodeURIComponent(wellFormed(named)));
      const event = call.operationId === 'receiveCallback';
      const body = withPlaces(call, {
        connectionId: named,
        roleArn: call.role === undefined ? undefined : roles[call.role % roles.length],
      });
      const isOwn = connections.has(named);
      const raw = call.rawBody ?? (body === undefined ? undefined : JSON.stringify(body));
      const headers: Record<string, string> = {
        ...(raw !== undefined && { 'content-type': 'application/json' }),
        ...(event
          ? signed(call, isOwn ? secrets.get(named) : undefined, raw ?? '')
          : { ...proofOf(call, named) }),
        ...call.headers,
      };
      return {
        ...(await exactRequest(url, {
          method: call.method,
          path: `${path}${call.query && `?${call.query}`}`,
          headers: headersThatCanBeSent(headers),
          body: raw,
          timeoutMs: 2 * timeLimitMs,
        })),
        about: isOwn ? named : undefined,
      };
    },
  };

  function proofOf({ proof, operationId }: Call, named: string): Record<string, string> {
    if (proof === 'none') return {};
    // A call of another organization would change its own objects.
    if (proof === 'another') return { authorization: `Bearer rbk_${'a'.repeat(16)}_${'0'.repeat(64)}` };
    if (operationId === 'getConnectionStatus')
      return { authorization: `Bearer ${statusTokens.get(named) ?? 'none'}` };
    if (/Organization|reencrypt/i.test(operationId)) return { authorization: `Bearer ${operatorToken}` };
    return { authorization: `Bearer ${vendor.apiKey}` };
  }
}

function withPlaces({ body }: Call, places: { connectionId: string; roleArn: string | undefined }): unknown {
  if (typeof body !== 'object' || body === null) return body;
  const copy = structuredClone(body) as Record<string, unknown>;
  if (typeof copy.roleArn === 'string' && places.roleArn) copy.roleArn = places.roleArn;
  if (typeof copy.data === 'object' && copy.data !== null) {
    const data = copy.data as Record<string, unknown>;
    if (typeof data.connectionId === 'string') data.connectionId = places.connectionId;
    if (typeof data.roleArn === 'string' && places.roleArn) data.roleArn = places.roleArn;
  }
  return copy;
}

function signed({ webhook }: Call, secret: string | undefined, raw: string | Buffer): Record<string, string> {
  const timestamp = Math.floor(Date.now() / 1000) + webhook.secondsOff;
  const text = typeof raw === 'string' ? raw : raw.toString('latin1');
  const options = { timestamp, ...(webhook.id !== undefined && { id: webhook.id }) };
  const { headers } = callbackMessage(secret ?? 'whsec_AAAA', text, options);
  if (!webhook.isSigned)
    headers['webhook-signature'] = sign('whsec_AAAA', headers['webhook-id'] ?? '', String(timestamp), text);
  return headers;
}

/** Node refuses to send others. */
const headersThatCanBeSent = (headers: Record<string, string>) =>
  Object.fromEntries(Object.entries(headers).filter(([, value]) => /^[\t\x20-\x7e\x80-\xff]*$/.test(value)));
