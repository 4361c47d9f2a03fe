/** How much of each kind one organization may have; 0 is no limit. */
export const defaultQuotas = {
  /** Connections that are not deleted. */
  connections: 10_000,
  /** API keys that are neither revoked nor expired. */
  apiKeys: 500,
  /** Sign-in links that have not expired. */
  signInLinks: 1_000,
  /** Enrollments that have not expired. */
  enrollments: 100,
};
export type QuotaName = keyof typeof defaultQuotas;
export type QuotaSettings = Readonly<Record<QuotaName, number>>;

/** What the use cases ask. */
export interface Quotas {
  readonly limits: QuotaSettings;
  readonly onExceeded: (name: QuotaName) => void;
}
