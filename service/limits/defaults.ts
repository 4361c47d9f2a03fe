/** Requests in a minute; 0 is no limit. */
export const defaultRateLimits = {
  /** Calls with one API key. */
  key: 60_000,
  /** Calls of one organization, whatever its keys. */
  organization: 120_000,
  /** Correctly signed callbacks of one connection. */
  callbacks: 300,
  /** Requested verifications of one connection. */
  connection: 60,
  /** Requested verifications of one organization. */
  verifications: 600,
  /** Requests without valid credentials from one address. */
  address: 600,
};
export type RateLimitName = keyof typeof defaultRateLimits;
export type RateLimitSettings = Readonly<Record<RateLimitName, number>>;
