import type { OutboxMessage } from '../../service/domain/ports.js';
import { aMessage, at, changed, intent } from './records.js';
import type { Subject } from './subject.js';

export function outboxContract(on: Subject): void {
  const sent = async (differences: object = {}): Promise<OutboxMessage> => {
    const connection = await on.insert();
    const message = aMessage(connection, differences);
    const next = changed(connection, {});
    await on.store.commit({ connection: { next, ifVersion: 1, intent }, messages: [message] });
    return message;
  };
  const claim = (seconds: number, limit = 10) =>
    on.store.leaseMessages({ now: at(seconds), leaseUntil: at(seconds + 30), limit });

  test('keeps a message for each endpoint until it is delivered', async () => {
    const connection = await on.insert();
    const endpoints = ['https://one.example/', 'https://two.example/'];
    const messages = endpoints.map((endpoint, number) =>
      aMessage(connection, { endpoint, dueAt: at(100 + number), body: '{"zoë":"\\n"}' }),
    );
    await on.store.commit({ messages });
    await on.reopen();
    expect(await on.store.nextMessageAt()).toBe(at(100));
    expect(await claim(101)).toEqual(messages);
    await on.store.completeMessage(messages[0] as OutboxMessage, undefined);
    await on.reopen();
    expect(await claim(200)).toEqual([messages[1]]);
  });

  test('leases a message to one of many concurrent claims, and again after the lease expires', async () => {
    const message = await sent();
    expect((await Promise.all([claim(100), claim(100), claim(100)])).flat()).toEqual([message]);
    expect(await claim(129)).toEqual([]);
    expect(await claim(130)).toEqual([message]);
  });

  test('reschedules a message', async () => {
    const message = await sent();
    await claim(100);
    await on.store.completeMessage(message, { dueAt: at(160), attempts: 1 });
    expect(await on.store.nextMessageAt()).toBe(at(160));
    const again = { ...message, dueAt: at(160), attempts: 1 };
    expect(await claim(160)).toEqual([again]);
    // The previous holder is late.
    await on.store.completeMessage(message, undefined);
    expect(await claim(190)).toEqual([again]);
    await on.store.completeMessage(again, undefined);
    expect(await on.store.nextMessageAt()).toBeUndefined();
  });

  test('makes every waiting message of an endpoint due', async () => {
    const connection = await on.insert();
    const endpoint = 'https://one.example/';
    const messages = Array.from({ length: 1_001 }, (_, number) =>
      aMessage(connection, { id: `msg_${number}`, endpoint, dueAt: at(500) }),
    );
    await on.store.commit({ messages: [...messages, aMessage(connection, { dueAt: at(500) })] });
    await on.store.hastenMessages(endpoint, at(10));
    expect(await claim(10, 2_000)).toHaveLength(messages.length);
  });

  test('stores a message atomically with its change', async () => {
    const connection = await on.insert();
    await expect(
      on.store.commit({
        connection: { next: changed(connection, {}), ifVersion: 7, intent },
        messages: [aMessage(connection)],
      }),
    ).rejects.toMatchObject({ code: 'connection_changed' });
    expect(await claim(9_999)).toEqual([]);
  });
}
