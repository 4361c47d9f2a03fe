import { newOrganizationId } from '../../service/domain/ids.js';
import { aToken, at } from './records.js';
import type { Subject } from './subject.js';

export function tokensContract(on: Subject): void {
  test('stores a token under its kind and hash until it is replaced', async () => {
    const token = aToken(on.organization.id, { data: { scopes: [{ project: 'shop' }], zoë: null } });
    const link = aToken(on.organization.id, { kind: 'sign_in_link' });
    await on.store.saveToken(token);
    await on.store.saveToken(link);
    await on.reopen();
    expect(await on.store.token('web_session', token.hash)).toEqual(token);
    expect(await on.store.token('sign_in_link', token.hash)).toEqual(link);
    expect(await on.store.token('enrollment', token.hash)).toBeUndefined();
    const next = { ...token, expiresAt: at(900) };
    await on.store.saveToken(next);
    expect(await on.store.token('web_session', token.hash)).toEqual(next);
  });

  test('gives a token to one of many concurrent requests', async () => {
    const token = aToken(on.organization.id, { kind: 'sign_in_link' });
    await on.store.saveToken(token);
    const taken = await Promise.all(
      Array.from({ length: 8 }, () => on.store.takeToken('sign_in_link', token.hash)),
    );
    expect(taken.filter((found) => found !== undefined)).toEqual([token]);
    expect(await on.store.token('sign_in_link', token.hash)).toBeUndefined();
    await on.reopen();
    expect(await on.store.takeToken('sign_in_link', token.hash)).toBeUndefined();
  });

  test('replaces a token once among concurrent requests with the same version, and never from another version', async () => {
    const token = aToken(on.organization.id, { kind: 'enrollment', data: { accounts: {}, name: 'all' } });
    await on.store.saveToken(token);
    const seen = (await on.store.token('enrollment', token.hash)) ?? token;
    const nextOf = (count: number) => ({ ...token, data: { name: 'all', accounts: { [count]: 'con' } } });
    const replaced = await Promise.all(
      Array.from({ length: 8 }, (_, count) => on.store.replaceToken(seen, nextOf(count))),
    );
    expect(replaced.filter(Boolean)).toHaveLength(1);
    const left = nextOf(replaced.indexOf(true));
    await on.reopen();
    expect(await on.store.token('enrollment', token.hash)).toEqual(left);
    expect(await on.store.replaceToken(token, nextOf(9))).toBe(false);
    // The order of members is no difference.
    expect(
      await on.store.replaceToken({ ...left, data: { accounts: left.data.accounts, name: 'all' } }, token),
    ).toBe(true);
    await on.store.takeToken('enrollment', token.hash);
    expect(await on.store.replaceToken(token, left)).toBe(false);
  });

  test('lists the tokens of one kind and one organization', async () => {
    const other = await on.another();
    const tokens = ['01', '02', '03', '04'].map((text, index) =>
      aToken(index === 3 ? other.id : on.organization.id, {
        kind: index === 2 ? 'web_session' : 'enrollment',
        hash: text.repeat(32),
        expiresAt: at(-index),
      }),
    );
    for (const token of tokens) await on.store.saveToken(token);
    await on.reopen();
    const listed = await on.store.tokensOf(on.organization.id, 'enrollment');
    expect(listed.sort((one, two) => (one.hash < two.hash ? -1 : 1))).toEqual(tokens.slice(0, 2));
    await on.store.takeToken('enrollment', '01'.repeat(32));
    expect(await on.store.tokensOf(on.organization.id, 'enrollment')).toEqual([tokens[1]]);
    expect(await on.store.tokensOf(other.id, 'web_session')).toEqual([]);
    expect(await on.store.tokensOf('org_none' as never, 'enrollment')).toEqual([]);
  });

  test('deletes only expired tokens, in all organizations', async () => {
    const other = await on.another();
    const hashes = ['01', '02', '03'].map((text) => text.repeat(32)) as [string, string, string];
    await on.store.saveToken(aToken(on.organization.id, { hash: hashes[0], expiresAt: at(10) }));
    await on.store.saveToken(aToken(other.id, { hash: hashes[1], expiresAt: at(20) }));
    await on.store.saveToken(aToken(other.id, { hash: hashes[2], expiresAt: at(21) }));
    // The caller compares the time.
    expect(await on.store.token('web_session', hashes[0])).toMatchObject({ expiresAt: at(10) });
    await on.store.deleteExpiredTokens(at(20));
    await on.reopen();
    const left = await Promise.all(hashes.map((hash) => on.store.token('web_session', hash)));
    expect(left.map((token) => token?.expiresAt)).toEqual([undefined, undefined, at(21)]);
  });

  test('refuses a token for an unknown organization', async () => {
    await expect(on.store.saveToken(aToken(newOrganizationId()))).rejects.toMatchObject({
      code: 'not_found',
    });
  });
}
