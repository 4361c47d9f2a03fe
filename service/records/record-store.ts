import { groupBy } from '../domain/group-by.js';
import { firstAuditIdAt } from '../domain/ids.js';
import type { Store } from '../domain/ports.js';
import { answeredRequestsIn } from './answered-requests.js';
import { apiKeysIn } from './api-keys.js';
import type { Backend } from './backend.js';
import { changesIn } from './commit.js';
import { connectionsIn } from './connections.js';
import { organizationsIn } from './organizations.js';
import { tokensIn } from './tokens.js';
import { outboxIn, webhookEndpointsIn } from './webhooks.js';
import { workIn } from './work-queue.js';

export type RecordStore = Store & { readonly backend: Backend };

/** The store: every rule of what may be stored, over any backend. */
export const createRecordStore = (backend: Backend): RecordStore => ({
  backend,
  ...organizationsIn(backend),
  ...apiKeysIn(backend),
  ...connectionsIn(backend),
  ...changesIn(backend),
  ...answeredRequestsIn(backend),
  ...workIn(backend),
  ...outboxIn(backend),
  ...webhookEndpointsIn(backend),
  ...tokensIn(backend),
  ...auditIn(backend),
  renewIntegrityKey: async () => (await backend.renewIntegrityKey?.()) ?? { keyId: 'none', signedAgain: 0 },
  ready: () => backend.ready(),
  close: () => backend.close(),
});

const auditIn = ({ log }: Backend) =>
  ({
    async appendAudit(records) {
      for (const own of groupBy(records, ({ organizationId }) => organizationId).values())
        await log.append(own);
    },
    auditRecords: (organizationId, page) => log.read(organizationId, page),
    signAudit: async (before) => (await log.checkpoints?.sign(firstAuditIdAt(Date.parse(before)))) ?? 0,
    auditFaults: async () => (await log.checkpoints?.faults()) ?? [],
    deleteAuditBefore: (keptSince) => log.trim(firstAuditIdAt(Date.parse(keptSince))),
  }) satisfies Partial<Store>;
