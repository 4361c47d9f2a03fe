import type { ConnectedConnection, Connection, FailedConnection } from '../domain/connection.js';
import type { OrganizationId } from '../domain/ids.js';
import { type Partition, parseRoleArn } from '../domain/role-arn.js';
import type { Dependencies } from './dependencies.js';

/** The number of denied organizations from which verdicts are on hold without further comparison. */
const enough = 3;
/** The most connections that are read to find those of other organizations. */
const scanned = 2_000;
/** If this many organizations pass while the canary is denied, the canary is misconfigured. */
const passesAgainstCanary = 5;
/** The propagation time of the vendor's repair: a role that is denied meanwhile stays on hold. */
const settlingMs = 5 * 60_000;
/** The interval between two alarms about the same hold. */
const alarmAgainMs = 6 * 3_600_000;

export type MassFailureEvent = 'degraded' | 'recovered' | 'canary_misconfigured' | 'canary_works';
/** `held`: many roles are denied. `alone`: other roles can be assumed. `unknown`: there is no other role to compare with. */
export type Comparison = 'held' | 'alone' | 'unknown';

type VerifiedRole = ConnectedConnection | FailedConnection;
type Deps = Pick<Dependencies, 'store' | 'sts' | 'clock' | 'canary' | 'health'>;
type Notify = (event: MassFailureEvent, about: Connection, organizations: number) => Promise<void>;

export interface MassFailure {
  /** @param askedAt when AWS was asked: a slow check that passed says nothing of the time after. */
  passed(connection: VerifiedRole, askedAt: number): Promise<void>;
  /** Compares the denial of a role that worked with other roles. A held denial is no verdict. */
  denied(connection: VerifiedRole): Promise<Comparison>;
}

/**
 * Decides whether a denial is the customer's fault or the vendor's: it counts only while the canary role or, without a
 * canary, a role of another organization can be assumed. It always asks AWS; the state in memory alone decides nothing.
 * Each partition is compared separately, because the vendor has other credentials in each.
 */
export function watchForMassFailure(deps: Deps, notify: Notify): MassFailure {
  const watches = new Map<Partition, PartitionWatch>();
  const notifyAndShow: Notify = async (event, about, organizations) => {
    const [first] = [...watches.values()].flatMap(({ degradedSince }) => degradedSince ?? []).sort();
    deps.health.degradedSince = first;
    // Verdicts of another partition are still on hold: its recovery ends the alarm.
    if (event === 'recovered' && first !== undefined) return;
    await notify(event, about, organizations);
  };
  const watchOf = ({ roleArn }: VerifiedRole): PartitionWatch => {
    const { partition } = parseRoleArn(roleArn);
    const watch = watches.get(partition) ?? new PartitionWatch(partition, deps, notifyAndShow);
    watches.set(partition, watch);
    return watch;
  };
  return {
    passed: (connection, askedAt) => watchOf(connection).passed(connection, askedAt),
    denied: (connection) => watchOf(connection).judgeDenial(connection),
  };
}

class PartitionWatch {
  degradedSince: string | undefined;
  readonly #partition: Partition;
  readonly #deps: Deps;
  readonly #notify: Notify;
  /** The time of each organization's first denial since it last passed. */
  readonly #denied = new Map<OrganizationId, number>();
  /** Organizations that passed since the canary was first denied; undefined while the canary opens. */
  #passedSinceCanary: Set<OrganizationId> | undefined;
  #lastPassAt = 0;
  #lastAlarmAt: number | undefined;
  #isCanaryWrong = false;
  #settlesAt = 0;

  constructor(partition: Partition, deps: Deps, notify: Notify) {
    this.#partition = partition;
    this.#deps = deps;
    this.#notify = notify;
  }

  /** The canary, if it is in this partition. */
  get #canary(): Deps['canary'] {
    const { canary } = this.#deps;
    return canary && parseRoleArn(canary.roleArn).partition === this.#partition ? canary : undefined;
  }

  async passed(connection: VerifiedRole, askedAt: number): Promise<void> {
    const { organizationId } = connection;
    this.#lastPassAt = Math.max(this.#lastPassAt, askedAt);
    if ((this.#denied.get(organizationId) ?? 0) <= askedAt) this.#denied.delete(organizationId);
    this.#passedSinceCanary?.add(organizationId);
    if (this.#canary === undefined || this.#isCanaryWrong) await this.#recovered(connection);
  }

  async judgeDenial(connection: VerifiedRole): Promise<Comparison> {
    const { clock } = this.#deps;
    const first = this.#denied.get(connection.organizationId) ?? clock.now();
    this.#denied.set(connection.organizationId, first);
    const isSettling = () => clock.now() < this.#settlesAt;
    if (isSettling()) return 'held';
    const comparison = await this.#compare(connection, first);
    // AWS's denial may be older than the recovery that another check found meanwhile.
    if (isSettling()) return 'held';
    if (comparison === 'held') await this.#degraded(connection);
    return comparison;
  }

  async #recovered(about: Connection): Promise<void> {
    if (this.degradedSince === undefined) return;
    this.degradedSince = undefined;
    this.#lastAlarmAt = undefined;
    this.#settlesAt = this.#deps.clock.now() + settlingMs;
    await this.#notify('recovered', about, 0);
  }

  async #degraded(about: Connection): Promise<void> {
    const now = this.#deps.clock.now();
    this.degradedSince ??= new Date(now).toISOString();
    if (this.#lastAlarmAt !== undefined && now - this.#lastAlarmAt < alarmAgainMs) return;
    this.#lastAlarmAt = now;
    await this.#notify('degraded', about, this.#denied.size);
  }

  async #compare(connection: VerifiedRole, first: number): Promise<Comparison> {
    const canary = this.#canary;
    if (canary && !(await this.#canaryFails(connection, canary))) return 'alone';
    if (canary && !this.#isCanaryWrong) return 'held';
    return this.#comparePeers(connection, first);
  }

  /** Whether the canary is denied; without a verdict on it, it counts as denied. */
  async #canaryFails(
    about: Connection,
    { roleArn, externalId }: NonNullable<Deps['canary']>,
  ): Promise<boolean> {
    if ((await this.#open(roleArn, externalId, 'service', 'rolebridge.canary')) === 'allowed') {
      this.#passedSinceCanary = undefined;
      // A canary that opens without its external ID has another trust policy than customers' roles.
      const isOpen = (await this.#open(roleArn, undefined, 'service', 'rolebridge.canary')) === 'allowed';
      await this.#setCanaryWrong(isOpen, about);
      await this.#recovered(about);
      return false;
    }
    this.#passedSinceCanary ??= new Set();
    if (this.#passedSinceCanary.size >= passesAgainstCanary) await this.#setCanaryWrong(true, about);
    return true;
  }

  async #setCanaryWrong(isWrong: boolean, about: Connection): Promise<void> {
    if (isWrong === this.#isCanaryWrong) return;
    this.#isCanaryWrong = isWrong;
    const event = isWrong ? 'canary_misconfigured' : 'canary_works';
    await this.#notify(event, about, this.#passedSinceCanary?.size ?? 0);
  }

  async #comparePeers({ organizationId }: Connection, first: number): Promise<Comparison> {
    if (this.#lastPassAt > first) return 'alone';
    for await (const other of this.#others(organizationId)) {
      if (this.#deniedSincePass() >= enough) return 'held';
      const name = `rolebridge.schedule.${other.id}`;
      const askedAt = this.#deps.clock.now();
      const outcome = await this.#open(other.roleArn, other.externalId, other.organizationId, name);
      if (outcome === 'allowed') {
        await this.passed(other, askedAt);
        return 'alone';
      }
      if (outcome === 'denied') this.#denied.set(other.organizationId, this.#deps.clock.now());
    }
    return this.#deniedSincePass() >= 2 ? 'held' : 'unknown';
  }

  #deniedSincePass(): number {
    return [...this.#denied.values()].filter((at) => at >= this.#lastPassAt).length;
  }

  /** One connected role of each other organization. */
  async *#others(than: OrganizationId): AsyncGenerator<ConnectedConnection> {
    const seen = new Set<OrganizationId>([than, ...this.#denied.keys()]);
    let left = scanned;
    for await (const connection of this.#deps.store.everyConnection()) {
      if (left-- === 0) return;
      if (seen.has(connection.organizationId)) continue;
      if (connection.method !== 'assume_role' || connection.status !== 'connected') continue;
      if (parseRoleArn(connection.roleArn).partition !== this.#partition) continue;
      seen.add(connection.organizationId);
      yield connection;
    }
  }

  async #open(
    roleArn: string,
    externalId: string | undefined,
    organizationId: string,
    sessionName: string,
  ): Promise<'allowed' | 'denied' | 'inconclusive'> {
    const { arn, partition } = parseRoleArn(roleArn);
    const asking = this.#deps.sts.forOrganization({ organizationId, requestId: undefined });
    const answer = await asking.assumeRole({ partition, roleArn: arn, externalId, sessionName });
    // The text names a policy of the vendor, so it is a denial.
    const blamesVendor = answer.outcome === 'inconclusive' && answer.reason === 'vendor_not_allowed';
    return blamesVendor ? 'denied' : answer.outcome;
  }
}
