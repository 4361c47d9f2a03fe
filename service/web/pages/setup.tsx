import type { Request, Response, Router } from 'express';
import { changeConnection } from '../../actions/change-connection.js';
import { rotateCallbackSecret } from '../../actions/rotate-callback-secret.js';
import { createSetupCode, revokeSetupCode, setupCodeExpiry } from '../../actions/setup-codes.js';
import { type Connection, permissionSetOf, roleRegistrationOf } from '../../domain/connection.js';
import { isAccountId } from '../../domain/ids.js';
import type { PermissionSet } from '../../domain/permission-set.js';
import { viewPermissionSet } from '../../domain/permission-set-view.js';
import { type CheckResult, storedResultOf } from '../check-result.js';
import { isFine } from '../form-errors.js';
import { leftOut } from '../permission-sets.js';
import { formatOf, presetOf, roleTemplate } from '../role-formats.js';
import {
  byOf,
  connectionIn,
  field,
  noticeOf,
  queried,
  type Site,
  seeOther,
  sendPage,
  sessionOf,
  textsOf,
} from '../site.js';
import { type AccountForm, digitsOf, wrongIn } from './new-connection.js';
import type { RoleStep } from './role-step-state.js';
import { type ScopeForm, scopeChoices } from './scope-choices.js';
import { SetupPage } from './setup-page.js';

/** State that a request adds to the set-up of a connection. */
export interface SetupMoment {
  readonly callbackSecret?: string | undefined;
  /** With a set-up code: shown once. */
  readonly setupCommand?: string | undefined;
  readonly roleArn?: string | undefined;
  readonly arnError?: string | undefined;
  readonly result?: CheckResult | undefined;
  readonly scopeForm?: ScopeForm | undefined;
  /** The first step, as it was entered. */
  readonly account?: AccountForm | undefined;
  /** A check that is being made. */
  readonly progress?: { readonly isPropagating: boolean } | undefined;
}

/** Connecting with a role, one step at a time. The connection's state says which step is open. */
export function addSetupPages(pages: Router, site: Site): void {
  const { deps } = site;

  pages.get('/connections/:id/setup', async (request, response) => {
    const connection = await connectionIn(site, request, response);
    const isDone = connection.status === 'connected' && queried(request, 'step') === '';
    // The scope shows other projects: the sender of a link for one connection chooses it.
    if (isDone && sessionOf(response).connectionId)
      return seeOther(site, response, `/connections/${connection.id}/connected`);
    return sendSetup(site, request, response, connection);
  });

  pages.post('/connections/:id/account', async (request, response) => {
    const connection = await connectionIn(site, request, response);
    const account = connection.expectedAccountId ?? field(request, 'account').slice(0, 40);
    const set = setOf(site, connection);
    const without = set && leftOut(request, set);
    const permissions = set ? 'read-only' : field(request, 'permissions');
    const wrong = wrongIn({ account, permissions }, textsOf(site, response).setup);
    const accountId = digitsOf(account);
    if (!isFine(wrong) || !isAccountId(accountId))
      return sendSetup(
        site,
        request,
        response,
        connection,
        { account: { account, permissions, without, wrong } },
        422,
      );
    await changeConnection(deps, byOf(response), connection, { expectedAccountId: accountId, without });
    return seeOther(
      site,
      response,
      `/connections/${connection.id}/setup?${new URLSearchParams(chosenIn(request))}#step`,
    );
  });

  pages.post('/connections/:id/callback-secret', async (request, response) => {
    const connection = await connectionIn(site, request, response);
    // A pending connection has no stack that still signs with the old secret.
    const previousValidSeconds = connection.status === 'pending' ? 0 : undefined;
    const { callbackSecret } = await rotateCallbackSecret(deps, byOf(response), connection, {
      previousValidSeconds,
    });
    return sendSetup(site, request, response, connection, { callbackSecret });
  });

  pages.post('/connections/:id/setup-code', async (request, response) => {
    const connection = await connectionIn(site, request, response);
    const { command } = await createSetupCode(deps, byOf(response), connection);
    return sendSetup(site, request, response, connection, { setupCommand: command });
  });

  pages.post('/connections/:id/setup-code/revoke', async (request, response) => {
    const connection = await connectionIn(site, request, response);
    await revokeSetupCode(deps, byOf(response), connection);
    return seeOther(
      site,
      response,
      `/connections/${connection.id}/setup?${new URLSearchParams({ step: 'role', ...chosenIn(request) })}#step`,
    );
  });
}

/** The permission set of the connection's role, if the vendor has sets. */
function setOf({ deps }: Site, connection: Connection): PermissionSet | undefined {
  const own = permissionSetOf(connection);
  return own && deps.permissionSets.get(own.name);
}

/** The permissions and the way to create the role that were chosen: the address carries them. */
export function chosenIn(request: Request): Pick<RoleStep, 'permissions' | 'format'> {
  const asked = (name: string) => field(request, name) || queried(request, name);
  return { permissions: presetOf(asked('permissions')), format: formatOf(asked('format')) };
}

/** The set-up as the connection is now. */
export async function sendSetup(
  site: Site,
  request: Request,
  response: Response,
  connection: Connection,
  moment: SetupMoment = {},
  status = 200,
): Promise<void> {
  const { setup: texts } = textsOf(site, response);
  const isReplaced =
    connection.status === 'connected' &&
    (queried(request, 'step') === 'role' || moment.callbackSecret || moment.setupCommand);
  const query = new URLSearchParams({ ...(isReplaced && { step: 'role' }), ...chosenIn(request) });
  const path = `${site.base}/connections/${connection.id}/setup?${query}`;
  const isWaiting = connection.status === 'pending' && !(moment.callbackSecret ?? moment.setupCommand);
  return sendPage(
    site,
    response,
    {
      title: isReplaced ? texts.replaceTitle : texts.title,
      notice: noticeOf(site, request, response),
      liveFrom: path,
      refreshSeconds: isWaiting && query.get('format') !== 'console' ? 15 : undefined,
    },
    await setupPage(site, request, response, connection, moment),
    status,
  );
}

export async function setupPage(
  site: Site,
  request: Request,
  response: Response,
  connection: Connection,
  moment: SetupMoment,
) {
  const { deps } = site;
  const set = setOf(site, connection);
  const trust = roleRegistrationOf(connection);
  const chosen = chosenIn(request);
  const isReplacing = queried(request, 'step') === 'role' || moment.roleArn !== undefined;
  const isConnected = connection.status === 'connected' && (!trust || trust === connection);
  const stored = isConnected ? undefined : storedResultOf(connection);
  const result =
    moment.result ?? (moment.arnError || queried(request, 'step') === 'role' ? undefined : stored);
  const roleStep: RoleStep | undefined = trust && {
    connection,
    trust,
    principal: deps.principals.get(connection.partition) ?? '',
    ...chosen,
    template: roleTemplate(deps, connection, trust, chosen),
    callbackSecret: moment.callbackSecret,
    setupCommand: moment.setupCommand,
    setupCodeExpiresAt: await setupCodeExpiry(deps, connection),
    // A role that is connected is not the one to enter.
    roleArn: moment.roleArn ?? ('roleArn' in connection && !isConnected ? (connection.roleArn ?? '') : ''),
    arnError: moment.arnError,
    result,
  };
  const asksAccount =
    moment.account !== undefined ||
    (connection.status === 'pending' &&
      (connection.expectedAccountId === undefined || queried(request, 'step') === 'account'));
  const open = asksAccount
    ? 'account'
    : trust && (!isConnected || isReplacing || moment.callbackSecret || moment.setupCommand)
      ? 'role'
      : 'scope';
  return (
    <SetupPage
      connection={connection}
      open={open}
      isReplacing={isConnected && trust !== undefined && open === 'role'}
      roleStep={roleStep}
      account={
        moment.account ?? {
          account: connection.expectedAccountId ?? '',
          permissions: queried(request, 'permissions'),
          wrong: {},
        }
      }
      progress={moment.progress}
      refreshPath={moment.progress && `${site.base}${request.url}`}
      scope={open === 'scope' ? await scopeChoices(site, response, connection, moment.scopeForm) : undefined}
      set={set && viewPermissionSet(set, moment.account?.without ?? permissionSetOf(connection)?.without)}
      partition={deps.principals.size > 1 ? connection.partition : undefined}
    />
  );
}
