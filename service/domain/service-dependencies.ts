import type { AccessKeyEncryption } from './access-key.js';
import type { AccountId } from './ids.js';
import type { Clock, Sealer, Store, Sts } from './ports.js';
import type { Partition } from './role-arn.js';
import type { Sessions } from './session.js';

/** What the use cases work with; `createService` puts it together. */
export interface Dependencies {
  readonly store: Store;
  readonly sts: Sts;
  readonly sessions: Sessions;
  readonly clock: Clock;
  readonly sealer: Sealer;
  /** Undefined when the service has no encryption key: then no access key is taken. */
  readonly accessKeyEncryption: AccessKeyEncryption | undefined;
  /** False: no new access key is taken, and customers are told to use a role. */
  readonly takesAccessKeys: boolean;
  /** The vendor's principal in each partition that it has one in. */
  readonly principals: ReadonlyMap<Partition, string>;
  readonly deniedAccountIds: ReadonlySet<AccountId>;
  /** Without a slash at its end. */
  readonly publicUrl: string;
  readonly propagationWindowMs: number;
  /** How long one request waits for a role to propagate before it answers "not decided yet". */
  readonly maxWaitMs: number;
}

export const nowText = (clock: Clock): string => new Date(clock.now()).toISOString();

/** Binds a sealed callback secret to its connection. */
export const callbackSecretContext = (connectionId: string): string => `callback-secret:${connectionId}`;
