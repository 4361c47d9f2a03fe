/**
 * Random sequences by a customer's stack, a member account of an enrollment, a limited key and a limited link: none changes account, scope or secrets of a
 * connection beyond docs/security.md. The seed is printed; AUTHORITY_SEED repeats a run.
 */
import { callbackMessage } from '../callback-message.js';
import { proofOf, registrationMessage } from '../enrolling-account.js';
import { startVendor, type Vendor } from '../vendor.js';
import { openWebClient } from '../web-client.js';

const seed = Number(process.env.AUTHORITY_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** Mulberry32: small, seeded, good enough to choose. */
function random(state: number) {
  let a = state;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

let vendor: Vendor;
beforeAll(async () => {
  vendor = await startVendor({ requireAccount: true, propagationWindowMs: 0 });
});
afterAll(() => vendor.close());

async function connected(name: string, scope: object) {
  const { accountId } = vendor.sandbox.createAccount();
  const body = { name, scope, expectedAccountId: accountId };
  const made = (await vendor.call('POST', '/v1/connections', body)).body;
  const role = (roleName: string, account = accountId) =>
    vendor.sandbox.createRole(account, { roleName, trustPolicy: made.trustPolicy }) as {
      arn: string;
      roleId: string;
    };
  const { arn } = role('first');
  await vendor.call('PUT', `/v1/connections/${made.id}/role`, { roleArn: arn });
  return { ...made, accountId, role, arn };
}

test(`no sequence goes beyond the table (AUTHORITY_SEED=${seed})`, async () => {
  const next = random(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(next() * items.length)] as Item;
  const own = await connected('own', { project: 'shop', environment: 'production' });
  const victim = await connected('victim', { project: 'blog' });
  const byDefault = await connected('default', {});
  const all = [own, victim, byDefault];
  const key = (
    await vendor.call('POST', '/v1/api-keys', {
      name: 'limited',
      permissions: [
        'connections:read',
        'connections:write',
        'credentials:issue',
        'keys:write',
        'links:write',
      ],
      scope: { project: 'shop' },
    })
  ).body.apiKey;
  const link = await vendor.call('POST', '/v1/sign-in-links', { connectionId: own.id, access: 'connect' });
  const browser = openWebClient(vendor.service.url);
  await browser.signInWithLink(link.body.url.slice(vendor.service.url.length));
  const thief = vendor.sandbox.createAccount().accountId;
  const scopes = [
    {},
    { project: 'blog' },
    { project: 'shop' },
    { project: 'shop', environment: 'production' },
  ];
  const arns = [own.arn, victim.arn, own.role('second').arn, own.role('stolen', thief).arn];
  const stored = async ({ id }: { id: string }) => {
    const { body } = await vendor.call('GET', `/v1/connections/${id}`);
    const { expectedAccountId, accountId, roleArn, externalId, scopes, status, name } = body;
    return { expectedAccountId, accountId, roleArn, externalId, scopes, status, name };
  };
  const secretOf = async ({ id }: { id: string }) => {
    const connection = await vendor.store.connectionForCallback(id as never);
    return connection && 'encryptedCallbackSecret' in connection && connection.encryptedCallbackSecret;
  };
  const enrollment = (
    await vendor.call('POST', '/v1/enrollments', {
      name: 'members',
      scopeRule: { otherwise: { project: 'sandboxes', environment: '{account}' } },
    })
  ).body;
  const register = async (accountId: string, roleName?: string) => {
    const proof = proofOf(vendor.sandbox, enrollment, accountId, roleName ? { roleName } : {});
    const message = registrationMessage(enrollment, { proof });
    const response = await fetch(enrollment.enrollmentUrl, { method: 'POST', ...message });
    return { status: response.status, body: (await response.json()) as Record<string, string> };
  };
  const memberAccount = vendor.sandbox.createAccount().accountId;
  const mine = (await register(memberAccount)).body;
  const memberId = { id: mine.connectionId ?? '' };
  const memberBefore = await stored(memberId);
  const before = await Promise.all([victim, byDefault].map(stored));
  const secretsBefore = await Promise.all(all.map(secretOf));

  const stack = async () => {
    const data = { connectionId: pick(all).id, roleArn: pick(arns), roleId: 'AROAEXAMPLEROLEID000' };
    const event = pick([
      { type: 'role.provisioned', data: { ...data, scope: pick(scopes) } },
      { type: 'role.deprovisioned', data },
    ]);
    await fetch(`${vendor.service.url}/v1/callbacks`, {
      method: 'POST',
      ...callbackMessage(own.callbackSecret, { ...event, timestamp: new Date().toISOString() }),
    });
  };
  // With the enrollment's secret and its own role: for other accounts, other connections, and another scope than its rule's.
  const member = async () => {
    const other = pick([own, victim, byDefault]);
    if (pick([true, false])) {
      const { status } = await register(other.accountId, 'any-role');
      return expect(status).toBe(403);
    }
    const data = {
      connectionId: pick([other.id, memberId.id]),
      roleArn: pick(arns),
      roleId: 'AROAEXAMPLEROLEID000',
    };
    const event = pick([
      { type: 'role.provisioned', data: { ...data, scope: pick(scopes) } },
      { type: 'role.deprovisioned', data },
    ]);
    const response = await fetch(`${vendor.service.url}/v1/callbacks`, {
      method: 'POST',
      ...callbackMessage(mine.callbackSecret ?? '', { ...event, timestamp: new Date().toISOString() }),
    });
    expect(response.status).toBeGreaterThanOrEqual(data.connectionId === memberId.id ? 200 : 401);
    expect(await stored(memberId)).toEqual(memberBefore);
  };
  // Within its scope, everything but secrets and the account: those of connections that it can write.
  const limited = async () => {
    const id = pick([victim, byDefault]).id;
    const [method, path, body] = pick<readonly [string, string, unknown?]>([
      ['PUT', `/v1/connections/${id}/scopes`, { scopes: [pick(scopes)], replace: true }],
      ['PUT', `/v1/connections/${own.id}/scopes`, { scopes: [pick(scopes.slice(0, 2))], replace: true }],
      ['POST', '/v1/connections', { name: 'x', scope: pick(scopes.slice(0, 2)) }],
      ['DELETE', `/v1/connections/${id}`],
      ['POST', `/v1/connections/${id}/rotate-callback-secret`, {}],
      ['POST', `/v1/connections/${id}/rotate-external-id`, {}],
      ['POST', `/v1/connections/${own.id}/release-account`, { expectedAccountId: thief }],
      ['POST', '/v1/credentials', pick(scopes.slice(0, 2))],
      ['POST', '/v1/api-keys', { name: 'x', permissions: ['connections:release'] }],
      ['POST', '/v1/api-keys', { name: 'x', scope: { project: 'blog' } }],
      ['POST', '/v1/sign-in-links', { connectionId: id }],
    ]);
    const answer = await vendor.call(method, path, body, key);
    expect([method, path, body, answer.status >= 400]).toEqual([method, path, body, true]);
  };
  const linked = async () => {
    const { id } = pick(all);
    const path = pick([
      'name',
      'delete',
      'scope',
      'finish',
      'external-id',
      'rotate',
      'release-account',
      'migrate-to-role',
    ]);
    const page = await browser.post(`/connections/${id}/${path}`, {
      name: 'mine',
      scope: 'blog',
      confirm: 'own',
    });
    expect([path, page.status]).toEqual([path, expect.any(Number)]);
    expect(page.status).toBeGreaterThanOrEqual(400);
  };

  for (let step = 0; step < 60; step++) {
    await pick([stack, member, limited, linked])();
    const now = await stored(own);
    expect({ step, before: await Promise.all([victim, byDefault].map(stored)) }).toEqual({ step, before });
    expect({ step, secrets: await Promise.all(all.map(secretOf)) }).toEqual({ step, secrets: secretsBefore });
    expect(now).toMatchObject({ expectedAccountId: own.accountId, externalId: own.externalId, name: 'own' });
    expect(now.scopes).toEqual([{ project: 'shop', environment: 'production' }]);
    expect([own.accountId, undefined]).toContain(now.accountId);
  }
});
