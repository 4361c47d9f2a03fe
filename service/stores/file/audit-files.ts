import { join } from 'node:path';
import type { AuditRecord } from '../../domain/audit.js';
import type { AuditId, ConnectionId, OrganizationId } from '../../domain/ids.js';
import { AuditFile } from './audit-file.js';
import type { FileOperations } from './organization-file.js';

/** The audit logs of all organizations, each opened when it is first used. */
export class AuditFiles {
  readonly #directory: string;
  readonly #files: FileOperations;
  readonly #assertWritable: () => void;
  readonly #opened = new Map<OrganizationId, Promise<AuditFile>>();

  constructor(directory: string, files: FileOperations, assertWritable: () => void) {
    this.#directory = directory;
    this.#files = files;
    this.#assertWritable = assertWritable;
  }

  async append(records: readonly AuditRecord[]): Promise<void> {
    const [first] = records;
    if (first === undefined) return;
    this.#assertWritable();
    await (await this.#fileOf(first.organizationId)).append(records);
  }

  async page(
    organizationId: OrganizationId,
    page: { limit: number; before?: AuditId | undefined; connectionId?: ConnectionId | undefined },
  ): Promise<{ records: AuditRecord[]; hasMore: boolean }> {
    return (await this.#fileOf(organizationId)).page(page);
  }

  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.#opened.values());
    await Promise.all(opened.map((file) => file.status === 'fulfilled' && file.value.close()));
  }

  #fileOf(id: OrganizationId): Promise<AuditFile> {
    // The id names a file.
    if (!/^[A-Za-z0-9_-]{1,100}$/.test(id)) return Promise.reject(new TypeError('Not an organization id.'));
    let opening = this.#opened.get(id);
    if (opening === undefined) {
      opening = AuditFile.open(join(this.#directory, `${id}.jsonl`), this.#files);
      this.#opened.set(id, opening);
      opening.catch(() => this.#opened.delete(id));
    }
    return opening;
  }
}
