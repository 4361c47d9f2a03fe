import type { Request, Response, Router } from 'express';
import { expectAccount } from '../../actions/bind-account.js';
import { choosePermissionSet } from '../../actions/permission-set.js';
import { rotateCallbackSecret } from '../../actions/rotate-callback-secret.js';
import { createSetupCode, revokeSetupCode, setupCodeExpiry } from '../../actions/setup-codes.js';
import { verifyUntilDecided } from '../../actions/verify-until-verdict.js';
import { problemAnswer } from '../../api/problem.js';
import { type Connection, permissionSetOf, roleRegistrationOf } from '../../domain/connection.js';
import { type ErrorCode, errorCatalog } from '../../domain/error-catalog/index.js';
import { RolebridgeError } from '../../domain/errors.js';
import { isAccountId } from '../../domain/ids.js';
import type { PermissionSet } from '../../domain/permission-set.js';
import { viewPermissionSet } from '../../domain/permission-set-view.js';
import { parseRoleArn } from '../../domain/role-arn.js';
import type { VerificationProgress } from '../../domain/verification/request.js';
import type { Check } from '../../domain/verification.js';
import { type CheckResult, resultOf, storedResultOf } from '../check-result.js';
import { leftOut } from '../permission-sets.js';
import { formatOf, presetOf, roleTemplate } from '../role-formats.js';
import { isDecidedSoon } from '../settles-within.js';
import {
  byOf,
  connectionIn,
  expected,
  field,
  noticeOf,
  queried,
  render,
  type Site,
  seeOther,
  sendPage,
  sessionOf,
  textsOf,
} from '../site.js';
import { type AccountForm, defaultName, digitsOf, wrongIn } from './new-connection.js';
import { CheckProgress, type RoleStep } from './role-step.js';
import { type ScopeForm, scopeChoices } from './scope-choices.js';
import { SetupPage } from './setup-page.js';

const refreshSeconds = 2;

/** What a request adds to the set-up of a connection: what was just made, entered or found. */
export interface SetupMoment {
  readonly callbackSecret?: string | undefined;
  /** With a set-up code: shown this once. */
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
    const permissions = set ? 'read-only' : field(request, 'permissions');
    const wrong = wrongIn({ account, permissions }, textsOf(site, response).setup);
    const accountId = digitsOf(account);
    if (Object.keys(wrong).length > 0 || !isAccountId(accountId))
      return sendSetup(
        site,
        request,
        response,
        connection,
        { account: { account, permissions, wrong } },
        422,
      );
    const bound = await expectAccount(deps, byOf(response), connection, accountId);
    if (set) await choosePermissionSet(deps, byOf(response), bound, { without: leftOut(request, set) });
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

  pages.post('/connections/:id/check', async (request, response) => {
    const connection = await connectionIn(site, request, response);
    const roleArn = field(request, 'roleArn').trim();
    if (/\bapplication\/x-ndjson\b/.test(String(request.headers.accept)))
      return streamCheck(request, response, connection, roleArn);
    try {
      parseRoleArn(roleArn);
      const check = verifyUntilDecided(deps, byOf(response), connection, { roleArn, isWatched: true });
      if (!(await isDecidedSoon(site, check)))
        return seeOther(
          site,
          response,
          `/connections/${connection.id}/checking?${new URLSearchParams({ ...chosenIn(request), request: response.locals.requestId })}`,
        );
    } catch (error) {
      const now = await connectionIn(site, request, response);
      const moment = momentOf(roleArn, expected(error));
      return sendSetup(site, request, response, now, moment, moment.result?.status ?? 400);
    }
    return seeOther(site, response, await afterCheck(site, request, response));
  });

  /** The checks as they are made: a line for each, which the page's script shows, and one for the end. */
  async function streamCheck(
    request: Request<{ id: string }>,
    response: Response,
    connection: Connection,
    roleArn: string,
  ): Promise<void> {
    response.writeHead(200, {
      'content-type': 'application/x-ndjson',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-request-id': response.locals.requestId,
    });
    const write = (line: { step?: string; say?: string; main?: string; go?: string }) =>
      void response.write(`${JSON.stringify(line)}\n`);
    const checks: Check[] = [];
    const { titles, states } = textsOf(site, response).checks;
    const onProgress = (progress: VerificationProgress) => {
      const check = 'check' in progress ? progress.check : undefined;
      if (check && !checks.some(({ name }) => name === check.name)) checks.push(check);
      const step = render(
        site,
        response,
        <CheckProgress roleArn={roleArn} checks={checks} isPropagating={check === undefined} />,
      );
      write({ step, ...(check && { say: `${titles[check.name] ?? check.name}: ${states[check.outcome]}` }) });
    };
    try {
      parseRoleArn(roleArn);
      const isAbandoned = () => request.destroyed || response.destroyed;
      await verifyUntilDecided(deps, byOf(response), connection, { roleArn, onProgress, isAbandoned });
      write({ go: `${site.base}${await afterCheck(site, request, response)}` });
    } catch (error) {
      const known = error instanceof RolebridgeError ? error : internal(error, response);
      const now = await connectionIn(site, request, response);
      const moment = momentOf(roleArn, known);
      const page = await setupPage(site, request, response, now, moment);
      write({ main: render(site, response, page) });
    }
    response.end();
  }

  function internal(error: unknown, response: Response): RolebridgeError {
    site.logger.error({ requestId: response.locals.requestId, err: error }, 'a check failed');
    const { detail, remedy } = problemAnswer(error, deps.publicUrl).body;
    return new RolebridgeError('internal_error', detail, { ...(remedy && { remedy }), cause: error });
  }

  /**
   * The progress of a check, without JavaScript: a page that refreshes until there is a verdict. Any process of the
   * service can answer.
   */
  pages.get('/connections/:id/checking', async (request: Request<{ id: string }>, response) => {
    const connection = await connectionIn(site, request, response);
    const check = await deps.store.runningCheck(connection.organizationId, connection.id);
    if (check === undefined || check.requestId !== queried(request, 'request'))
      return seeOther(site, response, `/connections/${connection.id}/setup`);
    const { roleArn, state, startedAt, code = 'internal_error' } = check;
    if (state === 'passed') return seeOther(site, response, await afterCheck(site, request, response));
    if (state === 'failed') return sendVerdict(request, response, connection, roleArn, code);
    const longestMs = deps.propagationWindowMs + deps.maxWaitMs + 30_000;
    if (deps.clock.now() - Date.parse(startedAt) > longestMs)
      return sendVerdict(request, response, connection, roleArn, 'verification_in_progress');
    response.setHeader('refresh', String(refreshSeconds));
    const progress = { isPropagating: state === 'propagating' };
    return sendSetup(site, request, response, connection, { roleArn, progress });
  });

  /** With all that is known of it: what was stored with the connection, or what its code means. */
  function sendVerdict(
    request: Request,
    response: Response,
    connection: Connection,
    roleArn: string,
    code: ErrorCode,
  ): Promise<void> {
    const stored = 'roleArn' in connection && connection.roleArn === roleArn && storedResultOf(connection);
    const isUndecided = [429, 503].includes(errorCatalog[code].status);
    const result =
      stored && stored.code === code
        ? stored
        : resultOf(
            new RolebridgeError(code, `${errorCatalog[code].title}.`, {
              remedy: errorCatalog[code].fix,
              ...(isUndecided && { retryAfterSeconds: 5 }),
            }),
          );
    return sendSetup(site, request, response, connection, { roleArn, result });
  }
}

/** What a check that did not pass leaves on the page. */
const momentOf = (roleArn: string, error: RolebridgeError): SetupMoment =>
  error.code === 'role_arn_invalid'
    ? { roleArn, arnError: `${error.detail} ${error.remedy ?? ''}`.trim() }
    : { roleArn, result: resultOf(error) };

/** After the last check: name and scope where they are missing, or else the success. */
async function afterCheck(site: Site, request: Request<{ id: string }>, response: Response): Promise<string> {
  const connection = await connectionIn(site, request, response);
  return isComplete(connection) || sessionOf(response).connectionId
    ? `/connections/${connection.id}/connected`
    : `/connections/${connection.id}/setup?${new URLSearchParams(chosenIn(request))}#step`;
}

/** What the connection's role is to allow, where the vendor has sets. */
function setOf({ deps }: Site, connection: Connection): PermissionSet | undefined {
  const own = permissionSetOf(connection);
  return own && deps.permissionSets.get(own.name);
}

export const isComplete = ({ name, scopes }: Connection): boolean =>
  name !== defaultName && scopes.length > 0;

/** The permissions and the way to create the role that were chosen: the address carries them. */
function chosenIn(request: Request): { permissions: string; format: string } {
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
  const query = new URLSearchParams(chosenIn(request));
  const path = `${site.base}/connections/${connection.id}/setup?${query}`;
  const isWaiting = connection.status === 'pending' && !(moment.callbackSecret ?? moment.setupCommand);
  return sendPage(
    site,
    response,
    {
      title: texts.title,
      notice: noticeOf(site, request, response),
      liveFrom: path,
      refreshSeconds: isWaiting && query.get('format') !== 'console' ? 15 : undefined,
    },
    await setupPage(site, request, response, connection, moment),
    status,
  );
}

async function setupPage(
  site: Site,
  request: Request,
  response: Response,
  connection: Connection,
  moment: SetupMoment,
) {
  const { deps } = site;
  const set = setOf(site, connection);
  const trust = roleRegistrationOf(connection);
  const chosen = {
    permissions: presetOf(chosenIn(request).permissions),
    format: formatOf(chosenIn(request).format),
  };
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
    roleArn: moment.roleArn ?? ('roleArn' in connection ? (connection.roleArn ?? '') : ''),
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
      set={set && viewPermissionSet(set, permissionSetOf(connection)?.without)}
      partition={deps.principals.size > 1 ? connection.partition : undefined}
    />
  );
}
