import { at, changed, claimOf, intent } from './records.js';
import type { Subject } from './subject.js';

export function callbacksContract(on: Subject): void {
  test('stores a connection and its receipt together or neither', async () => {
    const connection = await on.insert();
    const receipt = { ...claimOf(connection), answer: { status: 200, body: 'done' } };
    await expect(
      on.store.commit({ connection: { next: changed(connection, {}), ifVersion: 7, intent }, receipt }),
    ).rejects.toMatchObject({ code: 'connection_changed' });
    expect(await on.store.acquireIdempotency(claimOf(connection), at(1))).toEqual({
      claimed: true,
      firstAttemptAt: at(0),
    });
    await on.store.commit({ connection: { next: changed(connection, {}), ifVersion: 1, intent }, receipt });
    expect(await on.store.acquireIdempotency(claimOf(connection), at(1))).toEqual({
      claimed: false,
      receipt,
    });
  });

  test('gives an event to one of many that claim it at once', async () => {
    const connection = await on.insert();
    const claims = await Promise.all(
      Array.from({ length: 6 }, () => on.store.acquireIdempotency(claimOf(connection), at(0))),
    );
    expect(claims.filter(({ claimed }) => claimed)).toHaveLength(1);
  });

  test('gives a claim up when it is released or has run out, and keeps the first attempt', async () => {
    const connection = await on.insert();
    const claim = claimOf(connection);
    await on.store.acquireIdempotency(claim, at(0));
    const later = { ...claim, firstAttemptAt: at(10), leaseExpiresAt: at(40) };
    expect(await on.store.acquireIdempotency(later, at(10))).toEqual({ claimed: false, receipt: claim });
    await on.store.releaseIdempotency(connection.id, claim.webhookId);
    expect(await on.store.acquireIdempotency(later, at(10))).toEqual({
      claimed: true,
      firstAttemptAt: at(0),
    });
    expect(await on.store.acquireIdempotency({ ...claim, leaseExpiresAt: at(90) }, at(40))).toEqual({
      claimed: true,
      firstAttemptAt: at(0),
    });
  });

  test('does not release an event that was answered', async () => {
    const connection = await on.insert();
    const receipt = { ...claimOf(connection), answer: { status: 200, body: null } };
    await on.store.commit({ receipt });
    await on.store.releaseIdempotency(connection.id, receipt.webhookId);
    expect(await on.store.acquireIdempotency(claimOf(connection), at(1))).toEqual({
      claimed: false,
      receipt,
    });
  });

  test('forgets receipts a day after the first attempt', async () => {
    const connection = await on.insert();
    await on.store.commit({ receipt: { ...claimOf(connection), answer: { status: 200, body: null } } });
    const day = 24 * 60 * 60;
    expect((await on.store.acquireIdempotency(claimOf(connection), at(day - 1))).claimed).toBe(false);
    const tomorrow = { ...claimOf(connection), firstAttemptAt: at(day), leaseExpiresAt: at(day + 30) };
    expect(await on.store.acquireIdempotency(tomorrow, at(day))).toEqual({
      claimed: true,
      firstAttemptAt: at(day),
    });
  });
}
