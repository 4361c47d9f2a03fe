import type { Request, Response, Router } from 'express';
import { deleteConnection, renameConnection, setScopes } from '../actions/change-connection.js';
import { cancelExternalIdRotation, rotateExternalId } from '../actions/rotate-external-id.js';
import { verifyAgain } from '../actions/verify-again.js';
import { statusOf } from '../api/problem.js';
import { parse, renameRequest, scope as scopeSchema } from '../api/schemas.js';
import type { Connection } from '../domain/connection.js';
import { RolebridgeError } from '../domain/errors.js';
import { isAuditId } from '../domain/ids.js';
import { checkScope, keysThatMatch, type Scope, scopeKey } from '../domain/scope.js';
import { refusalOf } from './access-key-pages.js';
import { historyOf } from './history.js';
import { treeOf } from './scope-tree.js';
import { sendSetup } from './setup-pages.js';
import { byOf, connectionIn, expected, field, noticeOf, type Site, sendPage, sessionOf } from './site.js';
import { type ConnectionPage, connectionPageView, deleteView } from './views/connection.js';
import type { TakenScope } from './views/scope-form.js';

const historySize = 20;

/** One connection: what it is, what it can do, and what can be done with it. */
export function addConnectionPages(pages: Router, site: Site): void {
  const { deps } = site;
  type Named = Request<{ id: string }>;

  pages.get('/connections/:id', async (request: Named, response) =>
    sendConnection(request, response, await connectionIn(site, request, response)),
  );

  pages.post('/connections/:id/verify', async (request: Named, response) => {
    const connection = await connectionIn(site, request, response);
    try {
      await verifyAgain(deps, byOf(response), connection);
    } catch (error) {
      const refused = expected(error);
      const now = await connectionIn(site, request, response);
      // What was refused is in the connection by now; what was not decided is said here.
      const problem = refused.retryAfterSeconds === undefined ? undefined : refusalOf(refused);
      return sendConnection(request, response, now, { problem }, statusOf(refused));
    }
    return response.redirect(303, `/connections/${connection.id}?done=verified`);
  });

  pages.post('/connections/:id/name', async (request: Named, response) => {
    const connection = await connectionIn(site, request, response);
    try {
      const { name } = parse(renameRequest, { name: field(request, 'name') }, 'body');
      await renameConnection(deps, byOf(response), connection, name);
    } catch (error) {
      return refuse(request, response, connection, expected(error));
    }
    return response.redirect(303, `${backTo(request, connection)}?done=named${hash(request, 'scope')}`);
  });

  pages.post('/connections/:id/scopes', async (request: Named, response) => {
    const connection = await connectionIn(site, request, response);
    const mode = field(request, 'mode');
    let wanted: Scope = {};
    try {
      if (mode === 'remove') {
        const left = connection.scopes.filter((scope) => scopeKey(scope) !== field(request, 'key'));
        await setScopes(deps, byOf(response), connection, left, false);
      } else {
        wanted = scopeIn(request);
        const scopes = mode === 'add' ? [...connection.scopes, wanted] : [wanted];
        await setScopes(deps, byOf(response), connection, scopes, field(request, 'replace') === 'yes');
      }
    } catch (error) {
      const refused = expected(error);
      if (refused.code !== 'scope_taken') return refuse(request, response, connection, refused);
      const { holders } = refused.members as { holders: { connectionId: string; name: string }[] };
      return refuse(request, response, connection, undefined, {
        scope: wanted,
        holders: holders.map(({ connectionId, name }) => ({ id: connectionId, name })),
      });
    }
    return response.redirect(303, `${backTo(request, connection)}?done=scopes${hash(request, 'scope')}`);
  });

  pages.post('/connections/:id/external-id', async (request: Named, response) => {
    const connection = await connectionIn(site, request, response);
    await rotateExternalId(deps, byOf(response), connection);
    return response.redirect(303, `/connections/${connection.id}/setup?done=external-id#create`);
  });

  pages.post('/connections/:id/external-id/cancel', async (request: Named, response) => {
    const connection = await connectionIn(site, request, response);
    try {
      await cancelExternalIdRotation(deps, byOf(response), connection);
    } catch (error) {
      const refused = expected(error);
      return sendConnection(
        request,
        response,
        connection,
        { problem: refusalOf(refused) },
        statusOf(refused),
      );
    }
    return response.redirect(303, `/connections/${connection.id}?done=external-id-kept`);
  });

  pages.get('/connections/:id/delete', async (request: Named, response) =>
    sendDelete(response, await connectionIn(site, request, response)),
  );

  pages.post('/connections/:id/delete', async (request: Named, response) => {
    const connection = await connectionIn(site, request, response);
    if (field(request, 'name') !== connection.name)
      return sendDelete(
        response,
        connection,
        'That is not the name of this connection. Nothing was deleted.',
      );
    await deleteConnection(deps, byOf(response), connection);
    return response.redirect(303, '/connections?done=deleted');
  });

  async function sendConnection(
    request: Request,
    response: Response,
    connection: Connection,
    more: Partial<ConnectionPage> = {},
    status = 200,
  ): Promise<void> {
    const { before } = request.query;
    const { records, hasMore } = await deps.store.auditRecords(connection.organizationId, {
      limit: 2 * historySize,
      before: typeof before === 'string' && isAuditId(before) ? before : undefined,
      connectionId: connection.id,
    });
    const last = records.at(-1);
    const view = connectionPageView({
      session: sessionOf(response),
      connection,
      trees: await Promise.all(connection.scopes.map((scope) => treeOf(deps.store, connection, scope))),
      history: historyOf(records),
      olderHistory: hasMore && last ? `/connections/${connection.id}?before=${last.id}#history` : undefined,
      ...more,
    });
    return sendPage(site, response, connection.name, view, { status, notice: noticeOf(request) });
  }

  async function sendDelete(response: Response, connection: Connection, problem?: string): Promise<void> {
    const afterwards = await Promise.all(
      connection.scopes.map(async (scope) => ({ scope, connection: await nextHolder(connection, scope) })),
    );
    const view = deleteView({ session: sessionOf(response), connection, afterwards, problem });
    return sendPage(site, response, `Delete ${connection.name}`, view, { status: problem ? 422 : 200 });
  }

  /** Beside the form that it is about, on the page that the form is on. */
  function refuse(
    request: Request,
    response: Response,
    connection: Connection,
    error: RolebridgeError | undefined,
    taken?: TakenScope,
  ): Promise<void> {
    const status = error ? statusOf(error) : 409;
    const problem = error && refusalOf(error);
    return field(request, 'from') === 'setup'
      ? sendSetup(site, request, response, connection, { scopeProblem: problem, taken }, status)
      : sendConnection(request, response, connection, { problem, taken }, status);
  }

  async function nextHolder(connection: Connection, scope: Scope): Promise<Connection | undefined> {
    const holders = await deps.store.scopeHolders(connection.organizationId, keysThatMatch(scope));
    return holders.find((holder) => holder.connection.id !== connection.id)?.connection;
  }
}

const backTo = (request: Request, { id }: Connection): string =>
  field(request, 'from') === 'setup' ? `/connections/${id}/setup` : `/connections/${id}`;

const hash = (request: Request, step: string): string =>
  field(request, 'from') === 'setup' ? `#${step}` : '';

/** As far down as the chosen level says; what is filled in below it does not count. */
function scopeIn(request: Request): Scope {
  const levels = ['organization', 'project', 'environment', 'architecture'];
  const depth = levels.indexOf(field(request, 'level'));
  if (depth < 0)
    throw new RolebridgeError('request_invalid', 'Choose where the connection applies.', {
      remedy: 'Choose one of the four levels.',
    });
  const names = levels.slice(1, depth + 1);
  const missing = names.find((name) => field(request, name) === '');
  if (missing)
    throw new RolebridgeError('request_invalid', `The name of the ${missing} is missing.`, {
      remedy: `Fill in the ${missing}, or choose a wider level.`,
    });
  return checkScope(
    parse(scopeSchema, Object.fromEntries(names.map((name) => [name, field(request, name)])), 'body'),
  );
}
