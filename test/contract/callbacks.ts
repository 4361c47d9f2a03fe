import { at, changed, idempotencyRecordOf, intent } from './records.js';
import type { Subject } from './subject.js';

const answer = { status: 200, body: 'done' };

export function callbacksContract(on: Subject): void {
  const stored = ({ connectionId, webhookId }: ReturnType<typeof idempotencyRecordOf>, now = at(1)) =>
    on.store.idempotencyRecord(connectionId, webhookId, now);

  test('stores a connection and its idempotency record atomically', async () => {
    const connection = await on.insert();
    const record = { ...idempotencyRecordOf(connection), answer };
    await expect(
      on.store.commit({
        connection: { next: changed(connection, {}), ifVersion: 7, intent },
        idempotency: record,
      }),
    ).rejects.toMatchObject({ code: 'connection_changed' });
    expect(await stored(record)).toBeUndefined();
    await on.store.commit({
      connection: { next: changed(connection, {}), ifVersion: 1, intent },
      idempotency: record,
    });
    expect(await stored(record)).toEqual(record);
  });

  test('keeps the first of many concurrent answers, and no audit record of the others', async () => {
    const connection = await on.insert();
    const records = Array.from({ length: 6 }, (_, number) => ({
      ...idempotencyRecordOf(connection),
      answer: { status: 200, body: String(number) },
    }));
    const results = await Promise.allSettled(
      records.map((record) => on.store.commit({ idempotency: record })),
    );
    const first = results.findIndex(({ status }) => status === 'fulfilled');
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'connection_changed' });
    expect(await stored(idempotencyRecordOf(connection))).toEqual(records[first]);
  });

  test('keeps the time of the first attempt and every stored answer after an inconclusive attempt', async () => {
    const connection = await on.insert();
    const record = idempotencyRecordOf(connection);
    await on.store.commit({ idempotency: record });
    expect(await stored(record)).toEqual(record);
    await on.store.commit({ idempotency: { ...record, answer } });
    await on.store.commit({ idempotency: record });
    expect(await stored(record)).toEqual({ ...record, answer });
  });

  test('deletes idempotency records a day after the first attempt', async () => {
    const connection = await on.insert();
    const record = { ...idempotencyRecordOf(connection), answer };
    await on.store.commit({ idempotency: record });
    const day = 24 * 60 * 60;
    expect(await stored(record, at(day - 1))).toEqual(record);
    expect(await stored(record, at(day))).toBeUndefined();
    const tomorrow = { ...record, firstAttemptAt: at(day), answer: { status: 200, body: 'again' } };
    await on.store.commit({ idempotency: tomorrow });
    expect(await stored(record, at(day))).toEqual(tomorrow);
  });

  test('stores the latest check of a connection, visible only to its organization', async () => {
    const connection = await on.insert();
    const { id: connectionId, organizationId } = connection;
    const roleArn = 'arn:aws:iam::123456789012:role/reader';
    const check = { connectionId, organizationId, requestId: 'r1', roleArn, startedAt: at(0) } as const;
    await on.store.saveRunningCheck({ ...check, state: 'running' });
    const ended = { ...check, state: 'failed', code: 'role_not_assumable' } as const;
    await on.store.saveRunningCheck(ended);
    expect(await on.store.runningCheck(organizationId, connectionId)).toEqual(ended);
    expect(await on.store.runningCheck('org_other' as never, connectionId)).toBeUndefined();
  });
}

export function answeredRequestsContract(on: Subject): void {
  const aRequest = (differences: object = {}) => ({
    id: 'hash',
    organizationId: on.organization.id,
    requestId: 'first',
    requestHash: 'body',
    startedAt: at(0),
    leaseExpiresAt: at(90),
    ...differences,
  });

  test('leases an idempotency key to one caller, and to another only after a lost attempt', async () => {
    const attempts = await Promise.all(
      Array.from({ length: 6 }, (_, number) =>
        on.store.acquireRequest(aRequest({ requestId: `try ${number}` }), undefined),
      ),
    );
    expect(attempts.filter((found) => found === undefined)).toHaveLength(1);
    const owner = attempts.find((found) => found !== undefined)?.requestId ?? '';
    const next = aRequest({ requestId: 'next' });
    expect(await on.store.acquireRequest(next, 'another')).toMatchObject({ requestId: owner });
    expect(await on.store.acquireRequest(next, owner)).toBeUndefined();
    await on.store.finishRequest(aRequest({ requestId: owner, answer: { status: 201 } }));
    await on.store.releaseRequest(aRequest({ requestId: owner }));
    await on.store.finishRequest({ ...next, answer: { status: 201, body: '{}' } });
    await on.reopen();
    expect(await on.store.acquireRequest(aRequest(), 'next')).toEqual({
      ...next,
      answer: { status: 201, body: '{}' },
    });
    const dayLater = aRequest({ startedAt: at(24 * 3_600) });
    expect(await on.store.acquireRequest(dayLater, undefined)).toBeUndefined();
    await on.store.releaseRequest(dayLater);
    expect(await on.store.acquireRequest(dayLater, undefined)).toBeUndefined();
  });
}
