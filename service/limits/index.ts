/**
 * Requests that one client can make per minute, counted by this process. The defaults are far above the needs of a client
 * in good faith: they keep one client from starving the others.
 */
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { RolebridgeError } from '../domain/errors.js';
import type { ConnectionId, OrganizationId } from '../domain/ids.js';
import type { RateLimitName, RateLimitSettings } from './defaults.js';

const windowSeconds = 60;

/** The remaining requests, for the `RateLimit` header. */
export interface Allowance {
  readonly name: RateLimitName;
  readonly limit: number;
  readonly left: number;
  readonly resetSeconds: number;
}

export class RateLimitedError extends RolebridgeError {
  constructor(readonly allowance: Allowance) {
    const { name, limit, resetSeconds } = allowance;
    super('rate_limited', `More than ${limit} ${counted[name]} in a minute.`, {
      remedy: 'Send the same request again after the time in Retry-After, and ask less often.',
      retryAfterSeconds: Math.max(1, resetSeconds),
    });
  }
}

const counted: Record<RateLimitName, string> = {
  key: 'calls with this API key',
  organization: 'calls of this organization',
  callbacks: 'callbacks of this connection',
  connection: 'verifications of this connection',
  verifications: 'verifications of this organization',
  address: 'requests without valid credentials from this address',
};

export type RateLimits = ReturnType<typeof createRateLimits>;

/** @throws RateLimitedError from each function, when there is nothing left */
export function createRateLimits(settings: RateLimitSettings, onLimited: (name: RateLimitName) => void) {
  const limiterOf = (name: RateLimitName) => {
    const limit = settings[name];
    const limiter = new RateLimiterMemory({ points: limit, duration: windowSeconds });
    return async (key: string): Promise<Allowance | undefined> => {
      if (limit === 0) return undefined;
      const allowance = ({ remainingPoints, msBeforeNext }: RateLimiterRes): Allowance => ({
        name,
        limit,
        left: remainingPoints,
        resetSeconds: Math.ceil(msBeforeNext / 1000),
      });
      try {
        return allowance(await limiter.consume(key));
      } catch (refused) {
        if (!(refused instanceof RateLimiterRes)) throw refused;
        onLimited(name);
        throw new RateLimitedError(allowance(refused));
      }
    };
  };
  const ofOrganization = limiterOf('verifications');
  const ofConnection = limiterOf('connection');
  const ofAddress = limiterOf('address');
  const verification = {
    async take(organizationId: OrganizationId, connectionId: ConnectionId | undefined) {
      if (connectionId !== undefined) await ofConnection(connectionId);
      await ofOrganization(organizationId);
    },
  };
  return {
    key: limiterOf('key'),
    organization: limiterOf('organization'),
    callback: limiterOf('callbacks'),
    address: (address: string | undefined) => ofAddress(network(address ?? 'unknown')),
    verification,
  };
}

/** The address or, since an IPv6 user has 2^64 addresses, its /64 network. */
function network(address: string): string {
  if (!address.includes(':') || /^::ffff:\d+\./i.test(address)) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  const all =
    tail === undefined ? groups : [...groups, ...Array(8 - groups.length - rest.length).fill('0'), ...rest];
  return all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}

/** https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/10/ */
export const rateLimitHeaders = ({ name, limit, left, resetSeconds }: Allowance) => [
  'ratelimit-policy',
  `"${name}";q=${limit};w=${windowSeconds}`,
  'ratelimit',
  `"${name}";r=${left};t=${resetSeconds}`,
];
