import { anApiKey, anOrganization, aToken, at } from './records.js';
import type { Subject } from './subject.js';

export function apiKeysContract(on: Subject): void {
  test('lists organizations page by page, ordered by id', async () => {
    const made = [on.organization, await on.another(), await on.another()];
    made.sort((one, other) => (one.id < other.id ? -1 : 1));
    const first = await on.store.organizations({ limit: 2 });
    expect(first).toEqual({ organizations: made.slice(0, 2), hasMore: true });
    const after = first.organizations[1]?.id;
    expect(await on.store.organizations({ limit: 2, after })).toEqual({
      organizations: made.slice(2),
      hasMore: false,
    });
    const before = made[2]?.id;
    expect((await on.store.organizations({ limit: 1, before })).organizations).toEqual([made[1]]);
  });

  test('finds an organization by its unique reference and by part of its name', async () => {
    const named = (name: string, reference: string) => ({ ...anOrganization(), name, reference });
    const one = named('Größe 100%', 'tenant-1');
    await on.store.createOrganization(one);
    await on.store.createOrganization(named('Other', 'tenant-2'));
    await on.reopen();
    expect(await on.store.organizationByReference('tenant-1')).toEqual(one);
    expect(await on.store.organizationByReference('Tenant-1')).toBeUndefined();
    const found = async (filter: object) =>
      (await on.store.organizations({ limit: 10, ...filter })).organizations.map(({ name }) => name);
    expect(await found({ search: 'GRÖ' })).toEqual(['Größe 100%']);
    expect(await found({ search: 'grö' })).toEqual(['Größe 100%']);
    expect(await found({ search: '0%' })).toEqual(['Größe 100%']);
    expect(await found({ search: '_' })).toEqual([]);
    expect(await found({ name: 'OTHER' })).toEqual(['Other']);
    const taken = { code: 'reference_taken' };
    await expect(on.store.createOrganization(named('x', 'tenant-1'))).rejects.toMatchObject(taken);
    const take = (id: typeof one.id) =>
      on.store.changeOrganization(id, (stored) => ({ ...stored, reference: 'tenant-1' }));
    await expect(take(on.organization.id)).rejects.toMatchObject(taken);
    await on.store.changeOrganization(one.id, ({ reference: _, ...stored }) => stored);
    expect(await take(on.organization.id)).toEqual({ ...on.organization, reference: 'tenant-1' });
    expect(await take(anOrganization().id)).toBeUndefined();
  });

  test('erases an organization with its keys, tokens and name, and stores nothing for it afterwards', async () => {
    const { id } = on.organization;
    const key = anApiKey(id);
    await on.store.createApiKey(key);
    await on.store.saveToken(aToken(id));
    await on.store.changeOrganization(id, (stored) => ({ ...stored, reference: 'tenant-1' }));
    await on.store.eraseOrganization(id, at(50));
    await on.reopen();
    expect(await on.store.organization(id)).toEqual({ id, name: '', createdAt: at(0), erasedAt: at(50) });
    expect(await on.store.apiKey(key.id)).toBeUndefined();
    expect(await on.store.tokensOf(id, 'web_session')).toEqual([]);
    expect(await on.store.organizationByReference('tenant-1')).toBeUndefined();
    expect((await on.store.organizations({ limit: 10 })).organizations).toEqual([]);
    await expect(on.store.createApiKey(anApiKey(id))).rejects.toMatchObject({ code: 'not_found' });
    await expect(on.insert()).rejects.toMatchObject({ code: 'not_found' });
  });

  test('lists the keys of one organization only, oldest first', async () => {
    const other = await on.another();
    const later = anApiKey(on.organization.id, { createdAt: at(2) });
    const first = anApiKey(on.organization.id, { createdAt: at(1) });
    for (const key of [later, first, anApiKey(other.id)]) await on.store.createApiKey(key);
    expect(await on.store.apiKeys(on.organization.id)).toEqual([first, later]);
    expect(await on.store.apiKeys('org_none' as never)).toEqual([]);
  });

  test('revokes a key once and permanently', async () => {
    const key = anApiKey(on.organization.id);
    await on.store.createApiKey(key);
    const revoked = { ...key, revokedAt: at(5) };
    expect(await on.store.revokeApiKey(on.organization.id, key.id, at(5))).toEqual(revoked);
    expect(await on.store.revokeApiKey(on.organization.id, key.id, at(9))).toEqual(revoked);
    await on.reopen();
    expect(await on.store.apiKey(key.id)).toEqual(revoked);
    expect(await on.store.apiKeys(on.organization.id)).toEqual([revoked]);
  });

  test('revokes the children of a key with it, and refuses children of a revoked key', async () => {
    const parent = anApiKey(on.organization.id);
    const child = anApiKey(on.organization.id, { parentId: parent.id });
    const grandchild = anApiKey(on.organization.id, { parentId: child.id });
    for (const key of [parent, child, grandchild]) await on.store.createApiKey(key);
    await on.store.revokeApiKey(on.organization.id, parent.id, at(5));
    for (const { id } of [parent, child, grandchild])
      expect(await on.store.apiKey(id)).toMatchObject({ revokedAt: at(5) });
    const late = anApiKey(on.organization.id, { parentId: child.id });
    await expect(on.store.createApiKey(late)).rejects.toMatchObject({ code: 'unauthorized' });
    expect(await on.store.apiKey(late.id)).toBeUndefined();
  });

  test('revokes children that are created while their parent is revoked', async () => {
    const parent = anApiKey(on.organization.id);
    await on.store.createApiKey(parent);
    const children = [1, 2, 3, 4].map(() => anApiKey(on.organization.id, { parentId: parent.id }));
    await Promise.all([
      ...children.map((child) => on.store.createApiKey(child).catch(() => {})),
      on.store.revokeApiKey(on.organization.id, parent.id, at(5)),
    ]);
    const keys = await on.store.apiKeys(on.organization.id);
    expect(keys.filter(({ revokedAt }) => revokedAt === undefined)).toEqual([]);
  });

  test('marks when a key was last used', async () => {
    const key = anApiKey(on.organization.id);
    await on.store.createApiKey(key);
    await on.store.markApiKeyUsed(key, at(7));
    await on.reopen();
    expect(await on.store.apiKey(key.id)).toEqual({ ...key, lastUsedAt: at(7) });
  });

  test('answers concurrent revocations of a key alike', async () => {
    const key = anApiKey(on.organization.id);
    await on.store.createApiKey(key);
    const answers = await Promise.all(
      [1, 2, 3].map((seconds) => on.store.revokeApiKey(on.organization.id, key.id, at(seconds))),
    );
    const stored = await on.store.apiKey(key.id);
    for (const answer of answers) expect(answer).toEqual(stored);
  });

  test('refuses to revoke a key of another organization or an unknown key', async () => {
    const other = await on.another();
    const key = anApiKey(other.id);
    await on.store.createApiKey(key);
    expect(await on.store.revokeApiKey(on.organization.id, key.id, at(5))).toBeUndefined();
    expect(await on.store.revokeApiKey(on.organization.id, anApiKey(other.id).id, at(5))).toBeUndefined();
    expect(await on.store.apiKey(key.id)).toEqual(key);
  });

  test('enforces a quota under concurrency; ended keys free it', async () => {
    const { id } = on.organization;
    const quotas = [{ name: 'apiKeys', limit: 3 }] as const;
    const add = () =>
      on.store.createApiKey(anApiKey(id), quotas).then(
        () => 'added',
        ({ code }) => code,
      );
    const added = await Promise.all(Array.from({ length: 6 }, add));
    expect(added.sort()).toEqual([...Array(3).fill('added'), ...Array(3).fill('quota_exceeded')]);
    const [first] = await on.store.apiKeys(id);
    await on.store.revokeApiKey(id, first?.id as never, at(10));
    expect(await on.store.usage(id, ['apiKeys', 'connections'])).toEqual(
      new Map([
        ['apiKeys', 3],
        ['connections', 0],
      ]),
    );
    await on.store.deleteEndedApiKeys(id, at(20));
    await on.reopen();
    expect(await on.store.apiKeys(id)).toHaveLength(2);
    expect(await add()).toBe('added');
  });
}
