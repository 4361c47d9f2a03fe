/** Nothing that can't be undone is done on one look at the time of day. */
import { deprovisioned } from '../callback-message.js';
import { day, hour, passingClock, until } from '../passing-clock.js';
import { startWatchedVendor } from '../watched-vendor.js';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

test('a clock that is briefly ahead deletes no pending connection and delays no check', async () => {
  // The time of day jumps; the monotonic clock keeps its pace.
  const clock = Object.assign(passingClock(), { monotonic: () => performance.now() });
  const vendor = await startWatchedVendor({ clock });
  closers.push(() => vendor.close());
  const waiting = await Promise.all(['a', 'b', 'c'].map((name) => vendor.pending(name)));
  const made = await vendor.connected();
  clock.pass(8 * day);
  // A write: the service looks for due jobs.
  await vendor.pending('wakes');
  await until(() => vendor.logs.some((line) => line.includes('jumped against the monotonic clock')));
  clock.pass(-8 * day);
  await vendor.pending('wakes again');
  await until(
    () => vendor.logs.filter((line) => line.includes('jumped against the monotonic clock')).length === 2,
  );
  for (const { id } of waiting)
    expect((await vendor.call('GET', `/v1/connections/${id}`)).body.status).toBe('pending');
  await until(async () => {
    const next = await vendor.store.nextJobAt();
    return next !== undefined && Date.parse(next) < clock.now() + hour;
  }, 'a check within the hour');
  expect(await made.status()).toBe('connected');
});

test('a revocation check and a webhook that a wrong clock postponed are brought forward', async () => {
  const clock = Object.assign(passingClock(), { monotonic: () => performance.now() });
  const vendor = await startWatchedVendor({ clock });
  closers.push(() => vendor.close());
  const jumps = () => vendor.logged('jumped against the monotonic clock').length;
  const { connection, id, arn, calls } = await vendor.connected();
  await until(() => vendor.receiver.received.length === 1, 'the first webhook');
  vendor.receiver.answer = (response) => void response.writeHead(500).end();
  await vendor.callBack(connection.callbackSecret, deprovisioned(id, arn));
  await until(() => vendor.logged('webhook not delivered').length === 1, 'the failed webhook');
  const before = calls();
  clock.pass(8 * day);
  await until(() => calls() > before, 'a proof by the wrong time');
  await until(() => vendor.logged('webhook not delivered').length === 2, 'a retry by the wrong time');
  vendor.receiver.answer = (response) => void response.writeHead(204).end();
  vendor.sandbox.deleteRole(arn);
  clock.pass(-8 * day);
  await vendor.pending('wakes');
  await until(() => jumps() === 2, 'the jump back');
  await until(() => vendor.logged('access has ended').length === 1, 'the proof');
  await until(() => vendor.logged('webhook delivered').length === 2, 'the webhook');
}, 60_000);

test('a check that a wrong clock postponed is brought forward at the next start', async () => {
  const clock = passingClock();
  const vendor = await startWatchedVendor({ clock });
  const first = await vendor.connected();
  clock.pass(8 * day);
  // Both are due eight days from now, by the clock that is right.
  const second = await vendor.connected({ project: 'second' });
  await until(async () => Date.parse((await vendor.store.nextJobAt()) ?? '') > clock.now(), 'nothing is due');
  await vendor.service.close();
  closers.push(
    () => vendor.sandbox.close(),
    () => vendor.receiver.close(),
  );
  clock.pass(-8 * day);

  const store = await vendor.openStore();
  const again = await vendor.startAnother({ store });
  closers.unshift(() => again.close());
  const before = [first.calls(), second.calls()];
  await until(
    () => vendor.logs.some((line) => line.includes('scheduled missing re-verification jobs')),
    'the checks are planned anew',
  );
  clock.pass(hour);
  await until(
    () => first.calls() > (before[0] ?? 0) && second.calls() > (before[1] ?? 0),
    'both are checked within the hour',
  );
});
