import type { ConnectedConnection, RoleConnection } from '../domain/connection.js';
import type { OrganizationId } from '../domain/ids.js';
import { parseRoleArn } from '../domain/role-arn.js';
import type { Dependencies } from './dependencies.js';

/** Organizations that are asked before several denials count as the customers' fault. */
const enough = 3;
/** Connections of the store that are looked through for one of another organization. */
const scanned = 2_000;

export type MassFailure = ReturnType<typeof watchForMassFailure>;

/**
 * Tells one customer's fault from the vendor's own: a denial counts only while a role of another organization opens.
 * What is remembered decides nothing alone: a process that has just started asks AWS about others first.
 */
export function watchForMassFailure({ store, sts, clock }: Pick<Dependencies, 'store' | 'sts' | 'clock'>) {
  /** When each organization was denied first since it last passed. */
  const denied = new Map<OrganizationId, number>();
  let lastPassAt = 0;

  const passed = (organizationId: OrganizationId): void => {
    lastPassAt = clock.now();
    denied.delete(organizationId);
  };

  async function* others(than: OrganizationId): AsyncGenerator<ConnectedConnection> {
    const seen = new Set<OrganizationId>([than, ...denied.keys()]);
    let left = scanned;
    for await (const connection of store.everyConnection()) {
      if (left-- === 0) return;
      if (seen.has(connection.organizationId) || !isConnectedRole(connection)) continue;
      seen.add(connection.organizationId);
      yield connection;
    }
  }

  async function opens({ roleArn, externalId, organizationId, id }: ConnectedConnection) {
    const { partition } = parseRoleArn(roleArn);
    const asking = sts.forOrganization({ organizationId, requestId: undefined });
    const answer = await asking.assumeRole({
      partition,
      roleArn,
      externalId,
      sessionName: `rolebridge.watch.${id}`,
    });
    return answer.outcome;
  }

  return {
    passed,
    /** Is this denial of a connection that worked one of many? Asks about other organizations where that is not known. */
    async isSuspected({ organizationId }: RoleConnection): Promise<boolean> {
      const first = denied.get(organizationId) ?? clock.now();
      denied.set(organizationId, first);
      if (lastPassAt > first) return false;
      const deniedSincePass = () => [...denied.values()].filter((at) => at >= lastPassAt).length;
      if (deniedSincePass() >= enough) return true;
      for await (const connection of others(organizationId)) {
        const outcome = await opens(connection);
        if (outcome === 'allowed') {
          passed(connection.organizationId);
          return false;
        }
        if (outcome === 'denied') denied.set(connection.organizationId, clock.now());
        if (deniedSincePass() >= enough) return true;
      }
      return deniedSincePass() >= 2;
    },
  };
}

const isConnectedRole = (connection: { method: string; status: string }): connection is ConnectedConnection =>
  connection.method === 'assume_role' && connection.status === 'connected';
