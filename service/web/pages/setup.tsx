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
import { type Routes, type Site, type Visit, withQuery } from '../site.js';
import { type AccountForm, digitsOf, wrongIn } from './new-connection.js';
import type { RoleStep } from './role-step-state.js';
import { type ScopeForm, scopeChoices } from './scope-choices.js';
import { SetupPage } from './setup-page.js';

/** State that a request adds to the set-up of a connection. */
export interface SetupUpdate {
  readonly callbackSecret?: string | undefined;
  /** The command with a set-up code; shown once. */
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
export function addSetupPages(routes: Routes): void {
  const { site } = routes;
  const { deps } = site;

  routes.get('/connections/:id/setup', async (visit) => {
    const connection = await visit.connection();
    const isDone = connection.status === 'connected' && visit.queried('step') === '';
    // The scope shows other projects: the sender of a link for one connection chooses it.
    if (isDone && visit.session.connectionId)
      return visit.seeOther(`/connections/${connection.id}/connected`);
    return sendSetup(visit, connection);
  });

  routes.post('/connections/:id/account', async (visit) => {
    const connection = await visit.connection();
    const account = connection.expectedAccountId ?? visit.field('account').slice(0, 40);
    const set = setOf(site, connection);
    const without = set && leftOut(visit, set);
    const permissions = set ? 'read-only' : visit.field('permissions');
    const wrong = wrongIn({ account, permissions }, visit.texts.setup);
    const accountId = digitsOf(account);
    if (!isFine(wrong) || !isAccountId(accountId))
      return sendSetup(visit, connection, { account: { account, permissions, without, wrong } }, 422);
    await changeConnection(deps, visit.by, connection, { expectedAccountId: accountId, without });
    return visit.seeOther(`${withQuery(`/connections/${connection.id}/setup`, { ...chosenIn(visit) })}#step`);
  });

  routes.post('/connections/:id/callback-secret', async (visit) => {
    const connection = await visit.connection();
    // A pending connection has no stack that still signs with the old secret.
    const previousValidSeconds = connection.status === 'pending' ? 0 : undefined;
    const { callbackSecret } = await rotateCallbackSecret(deps, visit.by, connection, {
      previousValidSeconds,
    });
    return sendSetup(visit, connection, { callbackSecret });
  });

  routes.post('/connections/:id/setup-code', async (visit) => {
    const connection = await visit.connection();
    const { command } = await createSetupCode(deps, visit.by, connection);
    return sendSetup(visit, connection, { setupCommand: command });
  });

  routes.post('/connections/:id/setup-code/revoke', async (visit) => {
    const connection = await visit.connection();
    await revokeSetupCode(deps, visit.by, connection);
    const query = { step: 'role', ...chosenIn(visit) };
    return visit.seeOther(`${withQuery(`/connections/${connection.id}/setup`, query)}#step`);
  });
}

/** The permission set of the connection's role, if the vendor has sets. */
function setOf({ deps }: Site, connection: Connection): PermissionSet | undefined {
  const own = permissionSetOf(connection);
  return own && deps.permissionSets.get(own.name);
}

/** The permissions and the way to create the role that were chosen: the address carries them. */
export function chosenIn(visit: Visit): Pick<RoleStep, 'permissions' | 'format'> {
  const asked = (name: string) => visit.field(name) || visit.queried(name);
  return { permissions: presetOf(asked('permissions')), format: formatOf(asked('format')) };
}

/** The set-up as the connection is now. */
export async function sendSetup(
  visit: Visit,
  connection: Connection,
  update: SetupUpdate = {},
  status = 200,
): Promise<void> {
  const wasShown = update.callbackSecret ?? update.setupCommand;
  const isReplaced = connection.status === 'connected' && (visit.queried('step') === 'role' || wasShown);
  const chosen = chosenIn(visit);
  const query = { step: isReplaced ? 'role' : undefined, ...chosen };
  const isWaiting = connection.status === 'pending' && !wasShown;
  return visit.send(await setupPage(visit, connection, update), {
    live: {
      from: `${visit.site.base}${withQuery(`/connections/${connection.id}/setup`, query)}`,
      refreshSeconds: isWaiting && chosen.format !== 'console' ? 15 : undefined,
    },
    status,
  });
}

export async function setupPage(visit: Visit, connection: Connection, update: SetupUpdate) {
  const { site } = visit;
  const { deps } = site;
  const set = setOf(site, connection);
  const trust = roleRegistrationOf(connection);
  const chosen = chosenIn(visit);
  const step = visit.queried('step');
  const isReplacing = step === 'role' || update.roleArn !== undefined;
  const isConnected = connection.status === 'connected' && (!trust || trust === connection);
  const stored = isConnected ? undefined : storedResultOf(connection);
  const result = update.result ?? (update.arnError || step === 'role' ? undefined : stored);
  const roleStep: RoleStep | undefined = trust && {
    connection,
    trust,
    principal: deps.principals.get(connection.partition) ?? '',
    ...chosen,
    template: roleTemplate(deps, connection, trust, chosen),
    callbackSecret: update.callbackSecret,
    setupCommand: update.setupCommand,
    setupCodeExpiresAt: await setupCodeExpiry(deps, connection),
    // A role that is connected is not the one to enter.
    roleArn: update.roleArn ?? ('roleArn' in connection && !isConnected ? (connection.roleArn ?? '') : ''),
    arnError: update.arnError,
    result,
  };
  const asksAccount =
    update.account !== undefined ||
    (connection.status === 'pending' && (connection.expectedAccountId === undefined || step === 'account'));
  const open = asksAccount
    ? 'account'
    : trust && (!isConnected || isReplacing || update.callbackSecret || update.setupCommand)
      ? 'role'
      : 'scope';
  return (
    <SetupPage
      connection={connection}
      open={open}
      isReplacing={isConnected && trust !== undefined && open === 'role'}
      roleStep={roleStep}
      account={
        update.account ?? {
          account: connection.expectedAccountId ?? '',
          permissions: visit.queried('permissions'),
          wrong: {},
        }
      }
      progress={update.progress}
      refreshPath={update.progress && `${site.base}${visit.request.url}`}
      scope={open === 'scope' ? await scopeChoices(visit, connection, update.scopeForm) : undefined}
      set={set && viewPermissionSet(set, update.account?.without ?? permissionSetOf(connection)?.without)}
      partition={deps.principals.size > 1 ? connection.partition : undefined}
    />
  );
}
