import { RolebridgeError } from './errors.js';
import { forEachName, keysOf } from './keys-of.js';

/** The default quota of an organization for each kind (0 is no limit), and the kind's name in sentences. */
const kinds = {
  connections: [10_000, 'connections'],
  /** The rows of deleted connections stay, to recognize a late destroy and never issue an external ID twice. */
  deletedConnections: [20_000, 'deleted connections'],
  projects: [1_000, 'declared projects'],
  /** Revoked and expired keys are deleted when there is no more room. */
  apiKeys: [500, 'API keys'],
  /** A revoked one counts until sessions opened with it have ended, 12 hours. */
  signInLinks: [1_000, 'sign-in links'],
  setupCodes: [1_000, 'set-up codes'],
  /** Sessions of persons on the pages. */
  webSessions: [1_000, 'web sessions'],
  enrollments: [100, 'enrollments'],
  webhookEndpoints: [50, 'webhook endpoints'],
  /** Answers kept for 24 hours. */
  idempotencyKeys: [10_000, 'idempotency keys'],
} as const satisfies Record<string, readonly [number, string]>;

export type QuotaName = keyof typeof kinds;
export type QuotaSettings = Readonly<Record<QuotaName, number>>;
export const quotaNames = keysOf(kinds);

/** A record with a value for each quota. */
export const forEachQuota = <Value>(find: (name: QuotaName) => Value): Record<QuotaName, Value> =>
  forEachName(quotaNames, find);

export const defaultQuotas: QuotaSettings = forEachQuota((name) => kinds[name][0]);

/** Counted by the store in the transaction that adds one, so that calls at the same time can't exceed it. */
export interface Quota {
  readonly name: QuotaName;
  readonly limit: number;
}

/** The quota check of the use cases. */
export interface Quotas {
  readonly limits: QuotaSettings;
  readonly onExceeded: (name: QuotaName) => void;
}

export const quotaExceeded = ({ name, limit }: Quota): RolebridgeError =>
  new RolebridgeError('quota_exceeded', `An organization has at most ${limit} ${kinds[name][1]}.`, {
    remedy: 'Delete or revoke those that you no longer need, or ask the vendor to raise the quota.',
    members: { quota: name },
  });
