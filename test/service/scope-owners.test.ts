/** Ownership of scopes: the vendor sets any scope; a callback narrows it. */
import { callbackMessage, deprovisioned, provisioned } from '../callback-message.js';
import { until } from '../passing-clock.js';
import { startWatchedVendor, type WatchedVendor } from '../watched-vendor.js';

let vendor: WatchedVendor;
let projects = 0;
beforeAll(async () => {
  vendor = await startWatchedVendor({ jobs: false });
});
afterAll(() => vendor.close());

/** A connection of a new organization, so that every scope is free. */
async function made(more: object = {}, organization?: string) {
  const apiKey = organization ?? (await vendor.service.createOrganization(`org ${projects++}`)).apiKey;
  const call = (method: string, path: string, body?: object) => vendor.call(method, path, body, apiKey);
  const { body } = await call('POST', '/v1/connections', { name: 'shop', ...more });
  const { accountId } = vendor.sandbox.createAccount();
  const role = (account = accountId) =>
    vendor.sandbox.createRole(account, { roleName: `r${projects++}`, trustPolicy: body.trustPolicy }).arn;
  const arn = role();
  const scopes = async () => (await call('GET', `/v1/connections/${body.id}`)).body.scopes;
  return {
    ...body,
    apiKey,
    accountId,
    arn,
    role,
    scopes,
    /** A callback with this scope: the resulting scope, and the warnings to the stack. */
    async callBack(scope: object | undefined, roleArn = arn) {
      const { headers, body: text } = callbackMessage(
        body.callbackSecret,
        provisioned(body.id, roleArn, scope),
      );
      const response = await fetch(`${vendor.service.url}/v1/callbacks`, {
        method: 'POST',
        headers,
        body: text,
      });
      const answer = (await response.json()) as {
        scopes?: object[];
        warnings?: { code: string }[];
        code?: string;
      };
      return [response.status, answer.scopes ?? answer.code, (answer.warnings ?? []).map(({ code }) => code)];
    },
    bye: () => vendor.callBack(body.callbackSecret, deprovisioned(body.id, arn)),
    setScopes: (wanted: object[], replace = false) =>
      call('PUT', `/v1/connections/${body.id}/scopes`, { scopes: wanted, replace }),
  };
}

const shop = { project: 'shop' };
const production = { ...shop, environment: 'production' };
const web = { ...production, architecture: 'web' };
const bank = { project: 'bank' };
const kept = ['scope_kept'];

type Step = readonly ['callback', object | undefined, object[], string[]?] | readonly ['vendor', object[]];

describe('the scope after', () => {
  test.each<[string, object, Step[]]>([
    ['a scope at creation and a callback without one', { scope: shop }, [['callback', undefined, [shop]]]],
    ['a scope at creation and the same one', { scope: shop }, [['callback', shop, [shop]]]],
    [
      'a narrower one, one below that, and the vendor’s again',
      { scope: shop },
      [
        ['callback', production, [production]],
        ['callback', web, [web]],
        ['callback', { ...shop, environment: 'staging' }, [{ ...shop, environment: 'staging' }]],
        ['callback', shop, [shop]],
      ],
    ],
    ['another one', { scope: shop }, [['callback', bank, [shop], kept]]],
    ['a wider one', { scope: production }, [['callback', shop, [production], kept]]],
    [
      'one whose name only begins like the vendor’s',
      { scope: shop },
      [['callback', { project: 'shopping' }, [shop], kept]],
    ],
    ['the default', { scope: shop }, [['callback', {}, [shop], kept]]],
    ['the default at creation and a narrower one', { scope: {} }, [['callback', bank, [bank]]]],
    [
      'no scope at creation: the first callback’s, and later ones’',
      {},
      [
        ['callback', undefined, []],
        ['callback', shop, [shop]],
        ['callback', bank, [bank]],
        ['callback', undefined, [bank]],
      ],
    ],
    ['no scope at creation and the default', {}, [['callback', {}, [], kept]]],
    ['scopeFrom callback and the default', { scopeFrom: 'callback' }, [['callback', {}, [{}]]]],
    [
      'the vendor’s first word ends a callback’s choice',
      {},
      [
        ['callback', shop, [shop]],
        ['vendor', [bank]],
        ['callback', shop, [bank], kept],
        ['callback', { ...bank, environment: 'x' }, [{ ...bank, environment: 'x' }]],
      ],
    ],
    [
      'the vendor renames a scope that a callback narrowed',
      { scope: shop },
      [
        ['callback', production, [production]],
        ['vendor', [bank]],
        ['callback', production, [bank], kept],
      ],
    ],
    [
      'several scopes',
      { scope: shop },
      [
        ['vendor', [shop, bank]],
        ['callback', production, [shop, bank], kept],
        ['callback', shop, [shop, bank]],
      ],
    ],
    [
      'none, because the vendor took all away',
      { scope: shop },
      [
        ['vendor', []],
        ['callback', shop, [], kept],
      ],
    ],
  ])('%s', async (_name, more, steps) => {
    const connection = await made(more);
    for (const step of steps)
      if (step[0] === 'vendor') expect((await connection.setScopes(step[1])).status).toBe(200);
      else {
        const [, scope, scopes, warnings = []] = step;
        expect(await connection.callBack(scope)).toEqual([200, scopes, warnings]);
        expect(await connection.scopes()).toEqual(scopes);
      }
  });

  test('a rotation of the external ID and a replaced role: unchanged', async () => {
    const connection = await made({ scope: shop });
    await connection.callBack(production);
    const { body } = await vendor.call(
      'POST',
      `/v1/connections/${connection.id}/rotate-external-id`,
      {},
      connection.apiKey,
    );
    vendor.sandbox.updateTrustPolicy(connection.arn, body.trustPolicy);
    expect(await connection.callBack(bank)).toEqual([200, [production], kept]);
    const { arn } = vendor.sandbox.createRole(connection.accountId, {
      roleName: 'next',
      trustPolicy: body.trustPolicy,
    });
    expect(await connection.callBack(bank, arn)).toEqual([200, [production], kept]);
    expect(await connection.callBack(web, arn)).toEqual([200, [web], []]);
  });
});

describe('a scope of another connection', () => {
  test("can't be taken by a callback while that connection works", async () => {
    const holder = await made({ scope: shop });
    await holder.callBack(undefined);
    const other = await made({}, holder.apiKey);
    expect((await other.callBack(shop)).slice(0, 2)).toEqual([409, 'scope_taken']);
    expect(await holder.scopes()).toEqual([shop]);
  });

  test('moves from a disconnected connection in the same account, and the vendor is notified about both', async () => {
    const holder = await made({ scope: shop });
    await holder.callBack(undefined);
    await holder.bye();
    const other = await made({}, holder.apiKey);
    expect(await other.callBack(shop, other.role(holder.accountId))).toEqual([200, [shop], []]);
    expect(await holder.scopes()).toEqual([]);
    const changed = (id: string) => vendor.receiver.types(id).includes('connection.scopes_changed');
    await until(() => changed(holder.id) && changed(other.id));
  });

  test('stays with a disconnected connection in another account until the vendor moves it', async () => {
    const holder = await made({ scope: shop });
    await holder.callBack(undefined);
    await holder.bye();
    const other = await made({}, holder.apiKey);
    expect((await other.callBack(shop)).slice(0, 2)).toEqual([409, 'scope_taken']);
    expect(await holder.scopes()).toEqual([shop]);
    expect((await other.setScopes([shop])).status).toBe(200);
    expect(await other.callBack(shop)).toEqual([200, [shop], []]);
    expect(await holder.scopes()).toEqual([]);
  });

  test('is not returned by a redeploy to the connection that the vendor took it from', async () => {
    const holder = await made({ scope: shop });
    await holder.callBack(undefined);
    const other = await made({}, holder.apiKey);
    expect((await other.setScopes([shop], true)).status).toBe(200);
    expect(await holder.callBack(shop)).toEqual([200, [], kept]);
    expect(await other.scopes()).toEqual([shop]);
  });
});
