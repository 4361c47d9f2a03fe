import type { Request, Response, Router } from 'express';
import { cancelExternalIdRotation, rotateExternalId } from '../../actions/rotate-external-id.js';
import { verifyAgain } from '../../actions/verify-again.js';
import { statusOf } from '../../api/problem.js';
import type { Connection, RoleConnection } from '../../domain/connection.js';
import { RolebridgeError } from '../../domain/errors.js';
import { trustPolicy } from '../../domain/trust-policy.js';
import { type CheckResult, resultOf } from '../check-result.js';
import { type Format, formatOf, presetOf, roleTemplate } from '../role-formats.js';
import {
  byOf,
  connectionIn,
  expected,
  field,
  queried,
  type Site,
  seeOther,
  sendPage,
  textsOf,
} from '../site.js';
import { RotatePage, type Rotation } from './rotate-page.js';

type Named = Request<{ id: string }>;

/** Rotating the external ID: asked first, then deployed, then the old one is denied. */
export function addRotatePages(pages: Router, site: Site): void {
  const { deps } = site;
  const pathOf = ({ id }: Connection) => `/connections/${id}/rotate`;

  pages.get('/connections/:id/rotate', async (request: Named, response) =>
    sendRotation(request, response, await connectionIn(site, request, response)),
  );

  pages.post('/connections/:id/external-id', async (request: Named, response) => {
    const connection = await connectionIn(site, request, response);
    const { connection: rotating } = await rotateExternalId(deps, byOf(response), connection);
    return seeOther(site, response, `${pathOf(connection)}?to=${rotating.pendingExternalId}`);
  });

  pages.post('/connections/:id/rotate', async (request: Named, response) => {
    const connection = await connectionIn(site, request, response);
    try {
      await verifyAgain(deps, byOf(response), connection);
    } catch (error) {
      const refused = expected(error);
      const now = await connectionIn(site, request, response);
      return sendRotation(request, response, now, { result: resultOf(refused) }, statusOf(refused));
    }
    const now = await connectionIn(site, request, response);
    if (roleOf(now).pendingExternalId !== undefined)
      return sendRotation(request, response, now, { isUnchanged: true });
    return seeOther(site, response, `${pathOf(connection)}?to=${roleOf(now).externalId}`);
  });

  pages.post('/connections/:id/external-id/cancel', async (request: Named, response) => {
    const connection = await connectionIn(site, request, response);
    try {
      await cancelExternalIdRotation(deps, byOf(response), connection);
    } catch (error) {
      const refused = expected(error);
      return sendRotation(request, response, connection, { result: resultOf(refused) }, statusOf(refused));
    }
    return seeOther(site, response, `/connections/${connection.id}?done=external-id-kept`);
  });

  async function sendRotation(
    request: Request,
    response: Response,
    connection: Connection,
    more: { result?: CheckResult; isUnchanged?: boolean } = {},
    status = 200,
  ): Promise<void> {
    const role = roleOf(connection);
    const format = formatOf(field(request, 'format') || queried(request, 'format'));
    const isDone = role.pendingExternalId === undefined && queried(request, 'to') === role.externalId;
    const view = (
      <RotatePage
        connection={role}
        stage={stageOf(role, isDone, more.result?.code ?? (await lastVerdict(role)))}
        format={format}
        change={role.pendingExternalId === undefined ? undefined : changeOf(role, format)}
        {...more}
      />
    );
    const { title } = textsOf(site, response).rotate;
    const to = role.pendingExternalId ?? role.externalId;
    const liveFrom = `${site.base}${pathOf(connection)}?${new URLSearchParams({ to, format })}`;
    return sendPage(
      site,
      response,
      { title, liveFrom, refreshSeconds: role.pendingExternalId ? 15 : undefined },
      view,
      status,
    );
  }

  /** The failure of the last check since the rotation started: the connection itself stays connected. */
  async function lastVerdict({ id, organizationId }: RoleConnection): Promise<string | undefined> {
    const { records } = await deps.store.auditRecords(organizationId, { limit: 10, connectionId: id });
    const last = records.find(
      ({ phase, action }) =>
        phase === 'outcome' && ['connection.verify', 'connection.rotate_external_id'].includes(action),
    );
    return last?.phase === 'outcome' ? last.code : undefined;
  }

  /** The code to deploy in that format, before and after. */
  function changeOf(role: RoleConnection, format: Format): Rotation['change'] {
    const principal = deps.principals.get(role.partition) ?? '';
    const policyWith = (externalId: string) =>
      JSON.stringify(trustPolicy({ principal, externalId }), null, 2);
    if (format === 'console' || format === 'aws-cli')
      return { before: policyWith(role.externalId), after: policyWith(role.pendingExternalId ?? '') };
    const textOf = (of: RoleConnection) =>
      roleTemplate(deps, of, of, { format, permissions: presetOf('') }).text;
    return { before: textOf({ ...role, pendingExternalId: undefined }), after: textOf(role) };
  }
}

function stageOf(role: RoleConnection, isDone: boolean, code: string | undefined): Rotation['stage'] {
  if (role.pendingExternalId === undefined) return isDone ? 'done' : 'confirm';
  return code === 'previous_external_id_accepted' ? 'old_accepted' : 'deploy';
}

function roleOf(connection: Connection): RoleConnection {
  if (connection.method === 'assume_role') return connection;
  throw new RolebridgeError('method_mismatch', 'This connection uses an access key and has no external ID.', {
    remedy: 'Switch it to a role first.',
  });
}
