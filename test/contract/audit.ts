import type { AuditRecord } from '../../service/domain/audit.js';
import { newConnectionId } from '../../service/domain/ids.js';
import { anAuditRecord, anOrganization, at, auditIdAt } from './records.js';
import type { Subject } from './subject.js';

const day = 86_400_000;

export function auditContract(on: Subject): void {
  const append = async (count: number, differences: object = {}): Promise<AuditRecord[]> => {
    const records = Array.from({ length: count }, () => anAuditRecord(on.organization.id, differences));
    for (const record of records) await on.store.appendAudit([record]);
    return records;
  };
  /** All pages, from the newest. */
  const everything = async (limit: number, filter: object = {}): Promise<AuditRecord[]> => {
    const found: AuditRecord[] = [];
    for (;;) {
      const page = await on.store.auditRecords(on.organization.id, {
        limit,
        before: found.at(-1)?.id,
        ...filter,
      });
      found.push(...page.records);
      if (!page.hasMore) return found;
      expect(page.records).toHaveLength(limit);
    }
  };

  test('keeps every record unchanged, newest first, across a restart', async () => {
    const records = [
      ...(await append(1)),
      ...(await append(1, { phase: 'outcome', outcome: 'refused', code: 'scope_taken', intentId: 'aud_x' })),
      ...(await append(1, { details: { name: 'zoë "x"\n', count: 1, isNew: true }, target: {} })),
    ];
    const newestFirst = [...records].reverse();
    expect(await everything(10)).toEqual(newestFirst);
    await on.reopen();
    const later = await append(1);
    expect(await everything(10)).toEqual([...later, ...newestFirst]);
  });

  test('can be read in pages of any size', async () => {
    const records = await append(7);
    for (const limit of [1, 2, 3, 6, 7, 8]) expect(await everything(limit)).toEqual([...records].reverse());
  });

  test('can be read in pages while it grows', async () => {
    const records = await append(4);
    const first = await on.store.auditRecords(on.organization.id, { limit: 2 });
    await append(3);
    const before = first.records[1]?.id;
    expect(await on.store.auditRecords(on.organization.id, { limit: 5, before })).toEqual({
      records: records.slice(0, 2).reverse(),
      hasMore: false,
    });
  });

  test('filters records by connection', async () => {
    const connectionId = newConnectionId();
    const wanted: AuditRecord[] = [];
    for (let round = 0; round < 3; round++) {
      wanted.push(...(await append(2, { connectionId })));
      await on.store.appendAudit(
        Array.from({ length: 400 }, () =>
          anAuditRecord(on.organization.id, { connectionId: newConnectionId() }),
        ),
      );
    }
    await append(1);
    expect(await everything(2, { connectionId })).toEqual([...wanted].reverse());
    await on.reopen();
    expect(await everything(4, { connectionId })).toEqual([...wanted].reverse());
    expect(await everything(4, { connectionId: newConnectionId() })).toEqual([]);
    expect(await everything(500)).toHaveLength(1207);
  });

  test('shows an organization only its records', async () => {
    const other = await on.another();
    const [record] = await append(1);
    await on.store.appendAudit([anAuditRecord(other.id)]);
    expect(await everything(10)).toEqual([record]);
    expect(await on.store.auditRecords('org_none' as never, { limit: 10 })).toEqual({
      records: [],
      hasMore: false,
    });
  });

  test('can be read for all organizations together, newest first', async () => {
    const others = [on.organization, await on.another(), await on.another()];
    const records: AuditRecord[] = [];
    for (const number of [0, 1, 0, 2, 2, 1, 0]) {
      const record = anAuditRecord((others[number] ?? on.organization).id);
      await on.store.appendAudit([record]);
      records.push(record);
    }
    const expected = records.toReversed();
    const page = (limit: number, before?: AuditRecord) =>
      on.store.auditRecords(undefined, { limit, before: before?.id });
    expect(await page(3)).toEqual({ records: expected.slice(0, 3), hasMore: true });
    await on.reopen();
    expect(await page(9)).toEqual({ records: expected, hasMore: false });
    expect(await page(2, expected[2])).toEqual({ records: expected.slice(3, 5), hasMore: true });
    expect(await page(9, expected[4])).toEqual({ records: expected.slice(5), hasMore: false });
  });

  test('accepts the record of an organization that is about to be created', async () => {
    const { id } = anOrganization();
    const record = anAuditRecord(id, { action: 'organization.create' });
    await on.store.appendAudit([record]);
    await on.reopen();
    expect((await on.store.auditRecords(id, { limit: 10 })).records).toEqual([record]);
  });

  test('deletes records past their retention in every organization, and no others', async () => {
    const other = await on.another();
    const time = Date.parse(at(0)) + 20 * 365 * day;
    const ages = [200, 130, 126, 99, 60, 1];
    const records = ages.map((age) => anAuditRecord(on.organization.id, { id: auditIdAt(time - age * day) }));
    const others = ages.map((age) => anAuditRecord(other.id, { id: auditIdAt(time - age * day) }));
    // Housekeeping runs while they are written, as it does in a service.
    const keep = (now: number) => on.store.deleteAuditBefore(new Date(now - 100 * day).toISOString());
    let deleted = 0;
    for (const [number, age] of ages.entries()) {
      for (const list of [records, others]) await on.store.appendAudit([list[number] as AuditRecord]);
      for (let left = age; left > (ages[number + 1] ?? 0); left -= 1)
        deleted += await keep(time - left * day);
    }
    deleted += await keep(time);
    expect(deleted).toBe(6);
    expect(await everything(2)).toEqual(records.slice(3).reverse());
    await on.reopen();
    expect(await everything(10)).toEqual(records.slice(3).reverse());
    expect((await on.store.auditRecords(other.id, { limit: 10 })).records).toEqual(others.slice(3).reverse());
    expect(await keep(time)).toBe(0);
  });

  test('continues after all records have expired', async () => {
    const before = await append(3);
    const at20Years = Date.parse(at(0)) + 20 * 365 * day;
    const deleted = await on.store.deleteAuditBefore(new Date(at20Years - day).toISOString());
    expect(deleted).toBe(before.length);
    expect(await everything(10)).toEqual([]);
    const after = await append(2);
    await on.reopen();
    after.push(...(await append(1)));
    expect(await everything(10)).toEqual([...after].reverse());
  });

  test('keeps all records that are appended concurrently', async () => {
    const records = Array.from({ length: 500 }, () => anAuditRecord(on.organization.id));
    await Promise.all(records.map((record) => on.store.appendAudit([record])));
    const ids = (await everything(100)).map(({ id }) => id);
    expect(new Set(ids)).toEqual(new Set(records.map(({ id }) => id)));
    expect(ids).toHaveLength(500);
  });

  test('refuses records after the store is closed', async () => {
    await on.store.close();
    await expect(append(1)).rejects.toMatchObject({ code: 'store_unavailable' });
  });
}
