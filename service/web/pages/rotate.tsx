import { cancelExternalIdRotation, rotateExternalId } from '../../actions/rotate-external-id.js';
import { verifyAgain } from '../../actions/verify-again.js';
import { statusOf } from '../../api/problem.js';
import type { Connection, RoleConnection } from '../../domain/connection.js';
import { RolebridgeError } from '../../domain/errors.js';
import { rolePolicies } from '../../domain/role-policies.js';
import { trustPolicyWith } from '../../domain/trust-policy.js';
import { failureCode } from '../../domain/webhook-message.js';
import { type CheckResult, resultOf } from '../check-result.js';
import { type Format, formatOf, presetOf, roleTemplate } from '../role-formats.js';
import { type Routes, refusalOf, type Visit, withQuery } from '../site.js';
import { RotatePage, type Rotation } from './rotate-page.js';

/** Rotates the external ID in three stages: confirm, deploy, old ID denied. */
export function addRotatePages(routes: Routes): void {
  const { site } = routes;
  const { deps } = site;
  const pathOf = ({ id }: Connection) => `/connections/${id}/rotate`;

  routes.get('/connections/:id/rotate', async (visit) => sendRotation(visit, await visit.connection()));

  routes.post('/connections/:id/external-id', async (visit) => {
    const connection = await visit.connection();
    const { connection: rotating } = await rotateExternalId(deps, visit.by, connection);
    return visit.seeOther(`${pathOf(connection)}?to=${rotating.pendingExternalId}`);
  });

  routes.post('/connections/:id/rotate', async (visit) => {
    const connection = await visit.connection();
    const refused = await refusalOf(() => verifyAgain(deps, visit.by, connection));
    const now = await visit.connection();
    if (refused) return sendRotation(visit, now, { result: resultOf(refused) }, statusOf(refused));
    const role = roleOf(now);
    if (role.pendingExternalId !== undefined) return sendRotation(visit, now, { isUnchanged: true });
    return visit.seeOther(`${pathOf(connection)}?to=${role.externalId}`);
  });

  routes.post('/connections/:id/external-id/cancel', async (visit) => {
    const connection = await visit.connection();
    const refused = await refusalOf(() => cancelExternalIdRotation(deps, visit.by, connection));
    if (refused) return sendRotation(visit, connection, { result: resultOf(refused) }, statusOf(refused));
    return visit.seeOther(`/connections/${connection.id}?done=external-id-kept`);
  });

  async function sendRotation(
    visit: Visit,
    connection: Connection,
    more: { result?: CheckResult; isUnchanged?: boolean } = {},
    status = 200,
  ): Promise<void> {
    const role = roleOf(connection);
    const format = formatOf(visit.field('format') || visit.queried('format'));
    const isDone = role.pendingExternalId === undefined && visit.queried('to') === role.externalId;
    const to = role.pendingExternalId ?? role.externalId;
    const stage = stageOf(role, isDone);
    return visit.send(
      <RotatePage
        connection={role}
        stage={stage}
        format={format}
        change={role.pendingExternalId === undefined ? undefined : changeOf(role, stage, format)}
        {...more}
      />,
      {
        live: {
          from: `${site.base}${withQuery(pathOf(connection), { to, format })}`,
          refreshSeconds: role.pendingExternalId ? 15 : undefined,
        },
        status,
      },
    );
  }

  /** The code to deploy in that format, before and after; of a role that accepts both IDs, its trust policy. */
  function changeOf(role: RoleConnection, stage: Rotation['stage'], format: Format): Rotation['change'] {
    const principal = deps.principals.get(role.partition) ?? '';
    const actions = rolePolicies.actions.always;
    const [now, next] = [role.externalId, role.pendingExternalId];
    const policyWith = (externalId: unknown) =>
      JSON.stringify(trustPolicyWith({ principal, externalId, actions }), null, 2);
    if (stage === 'old_accepted') return { before: policyWith([now, next]), after: policyWith(next) };
    if (format === 'console' || format === 'aws-cli')
      return { before: policyWith(now), after: policyWith(next) };
    const textOf = (of: RoleConnection) =>
      roleTemplate(deps, of, of, { format, permissions: presetOf('') }).text;
    return { before: textOf({ ...role, pendingExternalId: undefined }), after: textOf(role) };
  }
}

function stageOf(role: RoleConnection, isDone: boolean): Rotation['stage'] {
  if (role.pendingExternalId === undefined) return isDone ? 'done' : 'confirm';
  const acceptsBoth =
    role.status === 'connected'
      ? role.acceptsBothExternalIdsSince !== undefined
      : failureCode(role) === 'previous_external_id_accepted';
  return acceptsBoth ? 'old_accepted' : 'deploy';
}

function roleOf(connection: Connection): RoleConnection {
  if (connection.method === 'assume_role') return connection;
  throw new RolebridgeError('method_mismatch', 'This connection uses an access key and has no external ID.', {
    remedy: 'Switch it to a role first.',
  });
}
