import type { Request, Response, Router } from 'express';
import { verifyUntilVerdict } from '../../actions/verify-until-verdict.js';
import { problemAnswer } from '../../api/problem.js';
import type { Connection } from '../../domain/connection.js';
import { type ErrorCode, errorCatalog } from '../../domain/error-catalog/index.js';
import { RolebridgeError } from '../../domain/errors.js';
import { parseRoleArn } from '../../domain/role-arn.js';
import type { VerificationProgress } from '../../domain/verification/request.js';
import type { Check } from '../../domain/verification.js';
import { resultOf, storedResultOf } from '../check-result.js';
import { PairCard } from '../components/steps.js';
import { sentenceOf } from '../form-errors.js';
import { isDecidedSoon } from '../settles-within.js';
import {
  byOf,
  connectionIn,
  expected,
  field,
  queried,
  render,
  type Site,
  seeOther,
  sessionOf,
  textsOf,
} from '../site.js';
import type { Texts } from '../texts/index.js';
import { CheckProgress } from './role-check.js';
import { isComplete } from './scope-choices.js';
import { chosenIn, type SetupMoment, sendSetup, setupPage } from './setup.js';

const refreshSeconds = 2;

/** The check of a role: at once, as a stream for the page's script, or on a page that refreshes. */
export function addCheckPages(pages: Router, site: Site): void {
  const { deps } = site;

  pages.post('/connections/:id/check', async (request, response) => {
    const connection = await connectionIn(site, request, response);
    const roleArn = field(request, 'roleArn').trim();
    if (/\bapplication\/x-ndjson\b/.test(String(request.headers.accept)))
      return streamCheck(request, response, connection, roleArn);
    try {
      parseRoleArn(roleArn);
      const check = verifyUntilVerdict(deps, byOf(response), connection, { roleArn, showsProgress: true });
      if (!(await isDecidedSoon(site, check)))
        return seeOther(
          site,
          response,
          `/connections/${connection.id}/checking?${new URLSearchParams({ ...chosenIn(request), request: response.locals.requestId })}`,
        );
    } catch (error) {
      const now = await connectionIn(site, request, response);
      const moment = momentOf(textsOf(site, response), roleArn, expected(error), now);
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
    const write = (line: { side?: string; step?: string; say?: string; main?: string; go?: string }) =>
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
      const { checking } = textsOf(site, response).setup;
      write({ side: render(site, response, <PairCard state="checking" line={checking} />) });
      await verifyUntilVerdict(deps, byOf(response), connection, { roleArn, onProgress });
      write({ go: `${site.base}${await afterCheck(site, request, response)}` });
    } catch (error) {
      const known = error instanceof RolebridgeError ? error : internal(error, response);
      const now = await connectionIn(site, request, response);
      const moment = momentOf(textsOf(site, response), roleArn, known, now, checks);
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

  /** With all details: the stored ones, or the meaning of its code. */
  function sendVerdict(
    request: Request,
    response: Response,
    connection: Connection,
    roleArn: string,
    code: ErrorCode,
  ): Promise<void> {
    const stored = isOf(connection, roleArn) && storedResultOf(connection);
    const isInconclusive = [429, 503].includes(errorCatalog[code].status);
    const result =
      stored && stored.code === code
        ? stored
        : resultOf(
            new RolebridgeError(code, `${errorCatalog[code].title}.`, {
              remedy: errorCatalog[code].fix,
              ...(isInconclusive && { retryAfterSeconds: 5 }),
            }),
          );
    return sendSetup(site, request, response, connection, { roleArn, result });
  }
}

const isOf = (connection: Connection, roleArn: string): boolean =>
  'roleArn' in connection && connection.roleArn === roleArn;

/** The part of a failed check that stays on the page. */
const momentOf = (
  texts: Texts,
  roleArn: string,
  error: RolebridgeError,
  connection: Connection,
  checks: readonly Check[] = [],
): SetupMoment => {
  if (error.code === 'role_arn_invalid') return { roleArn, arnError: sentenceOf(error, texts) };
  const result = resultOf(error, isOf(connection, roleArn) ? connection : undefined);
  return { roleArn, result: result.checks.length > 0 ? result : { ...result, checks } };
};

/** After the last check: name and scope where they are missing, or else the success. */
async function afterCheck(site: Site, request: Request<{ id: string }>, response: Response): Promise<string> {
  const connection = await connectionIn(site, request, response);
  return isComplete(connection) || sessionOf(response).connectionId
    ? `/connections/${connection.id}/connected`
    : `/connections/${connection.id}/setup?${new URLSearchParams(chosenIn(request))}#step`;
}
