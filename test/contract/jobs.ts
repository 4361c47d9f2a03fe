import { newExternalId } from '../../service/domain/ids.js';
import { jobKey } from '../../service/domain/job.js';
import type { Job } from '../../service/domain/ports.js';
import { aConnection, aJob, at, changed, connectedTo, intent } from './records.js';
import type { Subject } from './subject.js';

export function jobsContract(on: Subject): void {
  const scheduled = async (differences: object = {}, inside = on.organization.id): Promise<Job> => {
    const next = aConnection(inside);
    const job = aJob(next, differences);
    await on.store.commit({ connection: { next, ifVersion: null, intent }, jobs: [job] });
    return job;
  };
  const claim = (seconds: number, limit = 10) =>
    on.store.leaseJobs({ now: at(seconds), leaseUntil: at(seconds + 30), limit });

  test('leases due jobs of all organizations, longest due first', async () => {
    const other = await on.another();
    const third = await scheduled({ dueAt: at(30) });
    const first = await scheduled({ dueAt: at(10), purpose: 'expire' }, other.id);
    const second = await scheduled({ dueAt: at(20) });
    await scheduled({ dueAt: at(90) });
    expect(await claim(9)).toEqual([]);
    expect(await claim(30, 2)).toEqual([first, second]);
    expect(await claim(30, 2)).toEqual([third]);
  });

  test('leaves jobs that the caller still works on, and leases the ones behind them', async () => {
    const [first, second, third] = [
      await scheduled({ dueAt: at(10) }),
      await scheduled({ dueAt: at(20) }),
      await scheduled({ dueAt: at(30) }),
    ];
    const request = { now: at(40), leaseUntil: at(70), limit: 1 };
    const except = new Set([jobKey(first), jobKey(second)]);
    expect(await on.store.leaseJobs({ ...request, except })).toEqual([third]);
    expect(await on.store.leaseJobs({ ...request, except })).toEqual([]);
    expect(await claim(40)).toEqual([first, second]);
  });

  test('keeps a job and its role across a restart', async () => {
    const role = {
      arn: 'arn:aws:iam::123456789012:role/reader',
      externalId: newExternalId(),
      partition: 'aws',
    };
    const job = await scheduled({ purpose: 'confirm_revocation', attempts: 3, role });
    await on.reopen();
    expect(await on.store.nextJobAt()).toBe(job.dueAt);
    expect(await claim(100)).toEqual([job]);
  });

  test('finds connections that have no re-verification job', async () => {
    const unwatched = async (latest = at(9_999)) => {
      const found: string[] = [];
      for await (const { id } of on.store.connectionsWithoutJob(latest)) found.push(id);
      return found.sort();
    };
    const arn = (name: string) => `arn:aws:iam::123456789012:role/${name}`;
    const connected = await on.insert(connectedTo(arn('one')));
    const key = await on.insertKey();
    const elsewhere = await on.insert(connectedTo(arn('two')), (await on.another()).id);
    const expiring = await on.insert(connectedTo(arn('three')));
    await on.store.commit({ jobs: [aJob(expiring, { purpose: 'expire' })] });
    const pending = await on.insert();
    const gone = await on.insert();
    await on.update(gone, { status: 'disconnected', reason: 'deleted', disconnectedAt: at(60), scopes: [] });
    const scheduled = await on.insert(connectedTo(arn('four')));
    await on.store.commit({ jobs: [aJob(scheduled)] });
    // The holder keeps the lease.
    expect(await claim(1_000)).toContainEqual(aJob(scheduled));
    await on.reopen();
    expect(await unwatched()).toEqual([connected.id, key.id, elsewhere.id, expiring.id].sort());
    expect(await unwatched()).not.toContain(pending.id);
    for (const one of [connected, key, elsewhere, expiring]) await on.store.commit({ jobs: [aJob(one)] });
    expect(await unwatched()).toEqual([]);
    // Put off by a clock that was ahead.
    await on.store.commit({ jobs: [aJob(key, { dueAt: at(2_000) })] });
    expect(await unwatched(at(1_999))).toEqual([key.id]);
    expect(await unwatched(at(2_000))).toEqual([]);
  });

  test('leases a job to one of many concurrent claims', async () => {
    for (let number = 0; number < 5; number++) await scheduled();
    const claims = await Promise.all(Array.from({ length: 4 }, () => claim(100, 3)));
    const ids = claims.flat().map(({ connectionId }) => connectionId);
    expect([ids.length, new Set(ids).size]).toEqual([5, 5]);
  });

  test('leases an unfinished job again after its lease expires', async () => {
    const job = await scheduled();
    expect(await claim(100)).toEqual([job]);
    expect(await on.store.nextJobAt()).toBe(at(130));
    expect(await claim(129)).toEqual([]);
    expect(await claim(130)).toEqual([job]);
  });

  test('completes a job permanently or until it is due again', async () => {
    const [once, again] = [await scheduled(), await scheduled()];
    await claim(100);
    await on.store.completeJob(once, undefined);
    await on.store.completeJob(again, { dueAt: at(110), attempts: 1 });
    const expected = { ...again, dueAt: at(110), attempts: 1 };
    expect(await claim(109)).toEqual([]);
    expect(await claim(110)).toEqual([expected]);
    await on.reopen();
    await on.store.completeJob(expected, undefined);
    expect(await on.store.nextJobAt()).toBeUndefined();
    await on.reopen();
    expect(await claim(9_999)).toEqual([]);
  });

  test('ignores a lease of a replaced or canceled job', async () => {
    const connection = await on.insert();
    const [old, ended] = [aJob(connection), aJob(connection, { purpose: 'expire' })];
    await on.store.commit({ jobs: [old, ended] });
    await claim(100);
    const next = aJob(connection, { dueAt: at(105) });
    await on.store.commit({ jobs: [next], endJobs: [ended] });
    await on.store.completeJob(old, undefined);
    await on.store.completeJob(ended, { dueAt: at(106), attempts: 1 });
    expect(await claim(105)).toEqual([next]);
    expect(await on.store.nextJobAt()).toBe(at(135));
  });

  test('keeps one job for each connection and purpose', async () => {
    const connection = await on.insert();
    await on.store.commit({ jobs: [aJob(connection), aJob(connection, { purpose: 'expire' })] });
    await on.store.commit({ jobs: [aJob(connection, { attempts: 1, dueAt: at(50) })] });
    expect((await claim(100)).map(({ purpose, attempts }) => [purpose, attempts])).toEqual([
      ['verify', 1],
      ['expire', 0],
    ]);
  });

  test('stores a job atomically with its change', async () => {
    const connection = await on.insert();
    await expect(
      on.store.commit({
        connection: { next: changed(connection, {}), ifVersion: 7, intent },
        jobs: [aJob(connection)],
      }),
    ).rejects.toMatchObject({ code: 'connection_changed' });
    expect(await on.store.nextJobAt()).toBeUndefined();
  });

  test('accepts the end of a job that does not exist', async () => {
    const connection = await on.insert();
    await on.store.commit({ endJobs: [aJob(connection)] });
    expect(await on.store.nextJobAt()).toBeUndefined();
  });

  test('brings forward only the revocation check that a wrong clock postponed', async () => {
    const connection = await on.insert();
    const late = aJob(connection, { purpose: 'confirm_revocation', dueAt: at(9_000) });
    await on.store.commit({ jobs: [late, aJob(connection, { dueAt: at(9_000) })] });
    const other = await on.insert();
    await on.store.commit({
      jobs: [aJob(other, { purpose: 'confirm_revocation', dueAt: at(500), attempts: 2 })],
    });
    await on.store.hastenRevocationChecks(at(1_000), at(10));
    const due = { now: at(20), leaseUntil: at(80), limit: 10 };
    expect(await on.store.leaseJobs(due)).toEqual([{ ...late, dueAt: at(10) }]);
  });

  test('leases hundreds of jobs in order', async () => {
    const dueAt = Array.from({ length: 300 }, (_, number) => at((number * 7919) % 300));
    const connections = dueAt.map(() => aConnection(on.organization.id));
    // Not all at once: a store may reject callers that wait too long for a connection.
    for (let from = 0; from < connections.length; from += 20)
      await Promise.all(
        connections.slice(from, from + 20).map((next, index) =>
          on.store.commit({
            connection: { next, ifVersion: null, intent },
            jobs: [aJob(next, { dueAt: dueAt[from + index] })],
          }),
        ),
      );
    const claimed: string[] = [];
    for (let turn = 0; turn < 10; turn++) claimed.push(...(await claim(299, 30)).map((job) => job.dueAt));
    expect(claimed).toEqual([...dueAt].sort());
    expect(await claim(299)).toEqual([]);
  });
}
