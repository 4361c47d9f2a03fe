import type { ConnectedConnection, Connection, RoleConnection } from '../domain/connection.js';
import type { OrganizationId } from '../domain/ids.js';
import { parseRoleArn } from '../domain/role-arn.js';
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
export type MassFailure = ReturnType<typeof watchForMassFailure>;

/**
 * Decides whether a denial is the customer's fault or the vendor's: it counts only while the canary role or, without a
 * canary, a role of another organization can be assumed. It always asks AWS; the state in memory alone decides nothing.
 */
export function watchForMassFailure(
  {
    store,
    sts,
    clock,
    canary,
    health,
    principals,
  }: Pick<Dependencies, 'store' | 'sts' | 'clock' | 'canary' | 'health' | 'principals'>,
  notify: (event: MassFailureEvent, about: Connection, organizations: number) => Promise<void>,
) {
  /** The time of each organization's first denial since it last passed. */
  const denied = new Map<OrganizationId, number>();
  /** Organizations that passed since the canary was first denied; undefined while the canary opens. */
  let passedSinceCanary: Set<OrganizationId> | undefined;
  let lastPassAt = 0;
  let lastAlarmAt: number | undefined;
  let isCanaryWrong = false;
  let settlesAt = 0;

  const deniedSincePass = () => [...denied.values()].filter((at) => at >= lastPassAt).length;

  /** @param askedAt when AWS was asked: a slow check that passed says nothing of the time after. */
  async function passed(connection: Connection, askedAt: number): Promise<void> {
    lastPassAt = Math.max(lastPassAt, askedAt);
    if ((denied.get(connection.organizationId) ?? 0) <= askedAt) denied.delete(connection.organizationId);
    passedSinceCanary?.add(connection.organizationId);
    if (canary === undefined || isCanaryWrong) await recovered(connection);
  }

  async function recovered(about: Connection): Promise<void> {
    if (health.degradedSince === undefined) return;
    health.degradedSince = undefined;
    lastAlarmAt = undefined;
    settlesAt = clock.now() + settlingMs;
    await notify('recovered', about, 0);
  }

  async function degraded(about: Connection): Promise<void> {
    const now = clock.now();
    health.degradedSince ??= new Date(now).toISOString();
    if (lastAlarmAt !== undefined && now - lastAlarmAt < alarmAgainMs) return;
    lastAlarmAt = now;
    await notify('degraded', about, denied.size);
  }

  async function* others(than: OrganizationId): AsyncGenerator<ConnectedConnection> {
    const seen = new Set<OrganizationId>([than, ...denied.keys()]);
    let left = scanned;
    for await (const connection of store.everyConnection()) {
      if (left-- === 0) return;
      if (seen.has(connection.organizationId)) continue;
      if (connection.method !== 'assume_role' || connection.status !== 'connected') continue;
      if (!principals.has(connection.partition)) continue;
      seen.add(connection.organizationId);
      yield connection;
    }
  }

  async function opens(
    roleArn: string,
    externalId: string | undefined,
    organizationId: string,
    sessionName: string,
  ) {
    const { arn, partition } = parseRoleArn(roleArn);
    const asking = sts.forOrganization({ organizationId, requestId: undefined });
    const answer = await asking.assumeRole({ partition, roleArn: arn, externalId, sessionName });
    // The text names a policy of the vendor, so it is a denial.
    return answer.outcome === 'inconclusive' && answer.reason === 'vendor_not_allowed'
      ? 'denied'
      : answer.outcome;
  }

  /** Whether the canary is denied; without a verdict on it, it counts as denied. */
  async function canaryFails(about: Connection, { roleArn, externalId }: NonNullable<typeof canary>) {
    if ((await opens(roleArn, externalId, 'service', 'rolebridge.canary')) === 'allowed') {
      passedSinceCanary = undefined;
      // A canary that opens without its external ID has another trust policy than customers' roles.
      const isOpen = (await opens(roleArn, undefined, 'service', 'rolebridge.canary')) === 'allowed';
      await setCanaryWrong(isOpen, about);
      await recovered(about);
      return false;
    }
    passedSinceCanary ??= new Set();
    if (passedSinceCanary.size >= passesAgainstCanary) await setCanaryWrong(true, about);
    return true;
  }

  async function setCanaryWrong(isWrong: boolean, about: Connection): Promise<void> {
    if (isWrong === isCanaryWrong) return;
    isCanaryWrong = isWrong;
    const event = isWrong ? 'canary_misconfigured' : 'canary_works';
    await notify(event, about, passedSinceCanary?.size ?? 0);
  }

  async function comparePeers({ organizationId }: Connection, first: number): Promise<Comparison> {
    if (lastPassAt > first) return 'alone';
    for await (const other of others(organizationId)) {
      if (deniedSincePass() >= enough) return 'held';
      const name = `rolebridge.schedule.${other.id}`;
      const askedAt = clock.now();
      const outcome = await opens(other.roleArn, other.externalId, other.organizationId, name);
      if (outcome === 'allowed') {
        await passed(other, askedAt);
        return 'alone';
      }
      if (outcome === 'denied') denied.set(other.organizationId, clock.now());
    }
    return deniedSincePass() >= 2 ? 'held' : 'unknown';
  }

  async function compare(connection: Connection, first: number): Promise<Comparison> {
    if (canary && !(await canaryFails(connection, canary))) return 'alone';
    if (canary && !isCanaryWrong) return 'held';
    return comparePeers(connection, first);
  }

  return {
    passed,
    /** Compares the denial of a role that worked with other roles. A held denial is no verdict. */
    async denied(connection: RoleConnection): Promise<Comparison> {
      const first = denied.get(connection.organizationId) ?? clock.now();
      denied.set(connection.organizationId, first);
      const isSettling = () => clock.now() < settlesAt;
      if (isSettling()) return 'held';
      const comparison = await compare(connection, first);
      // AWS's denial may be older than the recovery that another check found meanwhile.
      if (isSettling()) return 'held';
      if (comparison === 'held') await degraded(connection);
      return comparison;
    },
  };
}
