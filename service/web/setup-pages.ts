import type { Request, Response, Router } from 'express';
import { rotateCallbackSecret } from '../actions/rotate-callback-secret.js';
import { verifyUntilDecided } from '../actions/verify-until-verdict.js';
import { problemAnswer, statusOf } from '../api/problem.js';
import { type Connection, roleRegistrationOf } from '../domain/connection.js';
import { RolebridgeError } from '../domain/errors.js';
import { parseRoleArn } from '../domain/role-arn.js';
import type { VerificationProgress } from '../domain/verify-role.js';
import { refusalOf } from './access-key-pages.js';
import { isDecidedSoon } from './settles-within.js';
import { byOf, connectionIn, expected, field, noticeOf, type Site, sendPage, sessionOf } from './site.js';
import { presetOf, presets, waysOf } from './templates.js';
import { partitionName } from './views/new-connection.js';
import { type Setup, setupView } from './views/setup.js';
import { checkView } from './views/status.js';

/** Connecting with a role, step by step; whoever leaves half-way goes on from the list. */
export function addSetupPages(pages: Router, site: Site): void {
  const { deps } = site;

  pages.get('/connections/:id/setup', async (request, response) => {
    const connection = await connectionIn(site, request, response);
    return sendSetup(site, request, response, connection);
  });

  pages.post('/connections/:id/callback-secret', async (request, response) => {
    const connection = await connectionIn(site, request, response);
    // Nobody waits for a secret that a connection without a role never used.
    const previousValidSeconds = connection.status === 'pending' ? 0 : undefined;
    const { callbackSecret } = await rotateCallbackSecret(deps, byOf(response), connection, {
      previousValidSeconds,
    });
    return sendSetup(site, request, response, connection, { callbackSecret });
  });

  pages.post('/connections/:id/check', async (request, response) => {
    const connection = await connectionIn(site, request, response);
    const roleArn = field(request, 'roleArn');
    if (/\bapplication\/x-ndjson\b/.test(String(request.headers.accept)))
      return streamCheck(request, response, connection, roleArn);
    try {
      parseRoleArn(roleArn);
      const check = verifyUntilDecided(deps, byOf(response), connection, { roleArn });
      if (!(await isDecidedSoon(site, check)))
        return response.redirect(
          303,
          `/connections/${connection.id}/checking?request=${response.locals.requestId}`,
        );
    } catch (error) {
      const refused = expected(error);
      const now = await connectionIn(site, request, response);
      return sendSetup(
        site,
        request,
        response,
        now,
        { roleArn, checkResult: refusalOf(refused) },
        statusOf(refused),
      );
    }
    return response.redirect(303, `/connections/${connection.id}/setup?done=connected#name`);
  });

  /** A line for every check as it is made, and one for the end: what the page's script shows. */
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
    const write = (line: object) => void response.write(`${JSON.stringify(line)}\n`);
    const onProgress = (progress: VerificationProgress) =>
      write(
        'check' in progress
          ? { check: progress.check.name, html: String(checkView(progress.check)) }
          : { waiting: true },
      );
    try {
      parseRoleArn(roleArn);
      const isAbandoned = () => request.destroyed || response.destroyed;
      await verifyUntilDecided(deps, byOf(response), connection, { roleArn, onProgress, isAbandoned });
      write({ done: `/connections/${connection.id}/setup?done=connected#name` });
    } catch (error) {
      const known = error instanceof RolebridgeError ? error : internal(error);
      write({ refused: String(await refusalOf(known)) });
    }
    response.end();
  }

  const internal = (error: unknown): RolebridgeError => {
    const { detail, remedy } = problemAnswer(error, deps.publicUrl).body as {
      detail: string;
      remedy: string;
    };
    return new RolebridgeError('internal_error', detail, { remedy, cause: error });
  };
}

/** The setup page as the connection is now. */
export function sendSetup(
  site: Site,
  request: Request,
  response: Response,
  connection: Connection,
  more: Partial<Setup> = {},
  status = 200,
): Promise<void> {
  const { deps } = site;
  const trust = roleRegistrationOf(connection);
  const asked = (name: string) => {
    const value = field(request, name) || request.query[name];
    return typeof value === 'string' ? value : '';
  };
  const preset = presetOf(asked('permissions'));
  const { ways, consoleUrl } = trust ? waysOf(deps, connection, trust, preset) : { ways: [], consoleUrl: '' };
  const view = setupView({
    session: sessionOf(response),
    connection,
    trust,
    partitionName: deps.principals.size > 1 ? partitionName(connection.partition) : undefined,
    principal: deps.principals.get(connection.partition) ?? '',
    presets,
    preset,
    ways,
    way: ways.some(({ id }) => id === asked('way')) ? asked('way') : 'console',
    consoleUrl,
    roleArn: 'roleArn' in connection ? connection.roleArn : undefined,
    ...more,
  });
  const title = connection.method === 'access_key' ? 'Set up the connection' : 'Connect with a role';
  return sendPage(site, response, title, view, { status, notice: noticeOf(request) });
}
