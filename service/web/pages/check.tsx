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
import { type Routes, refusalOf, type Site, type Visit, withQuery } from '../site.js';
import type { Texts } from '../texts/index.js';
import { CheckProgress } from './role-check.js';
import { isComplete } from './scope-choices.js';
import { chosenIn, type SetupUpdate, sendSetup, setupPage } from './setup.js';

const refreshSeconds = 2;

/** The check of a role: at once, as a stream for the page's script, or on a page that refreshes. */
export function addCheckPages(routes: Routes): void {
  const { site } = routes;
  const { deps } = site;

  routes.post('/connections/:id/check', async (visit) => {
    const connection = await visit.connection();
    const roleArn = visit.field('roleArn').trim();
    if (/\bapplication\/x-ndjson\b/.test(String(visit.request.headers.accept)))
      return streamCheck(visit, connection, roleArn);
    let hasSettled = false;
    const refused = await refusalOf(async () => {
      parseRoleArn(roleArn);
      const check = verifyUntilVerdict(deps, visit.by, connection, { roleArn, showsProgress: true });
      hasSettled = await settlesSoon(site, check);
    });
    if (refused) {
      const now = await visit.connection();
      const update = updateOf(visit.texts, roleArn, refused, now);
      return sendSetup(visit, now, update, update.result?.status ?? 400);
    }
    if (hasSettled) return visit.seeOther(await afterCheck(visit));
    const query = { ...chosenIn(visit), request: visit.requestId };
    return visit.seeOther(withQuery(`/connections/${connection.id}/checking`, query));
  });

  /** The checks as they are made: a line for each, which the page's script shows, and one for the end. */
  async function streamCheck(visit: Visit, connection: Connection, roleArn: string): Promise<void> {
    const { response, requestId, texts } = visit;
    response.writeHead(200, {
      'content-type': 'application/x-ndjson',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-request-id': requestId,
    });
    const write = (line: { side?: string; step?: string; say?: string; main?: string; go?: string }) =>
      void response.write(`${JSON.stringify(line)}\n`);
    const checks: Check[] = [];
    const { titles, states } = texts.checks;
    const onProgress = (progress: VerificationProgress) => {
      const check = 'check' in progress ? progress.check : undefined;
      if (check && !checks.some(({ name }) => name === check.name)) checks.push(check);
      const step = visit.render(
        <CheckProgress roleArn={roleArn} checks={checks} isPropagating={check === undefined} />,
      );
      write({ step, ...(check && { say: `${titles[check.name] ?? check.name}: ${states[check.outcome]}` }) });
    };
    try {
      parseRoleArn(roleArn);
      write({ side: visit.render(<PairCard state="checking" line={texts.setup.checking} />) });
      await verifyUntilVerdict(deps, visit.by, connection, { roleArn, onProgress });
      write({ go: `${site.base}${await afterCheck(visit)}` });
    } catch (error) {
      const known = error instanceof RolebridgeError ? error : internal(error, requestId);
      const now = await visit.connection();
      const update = updateOf(texts, roleArn, known, now, checks);
      write({ main: visit.render(await setupPage(visit, now, update)) });
    }
    response.end();
  }

  function internal(error: unknown, requestId: string): RolebridgeError {
    site.logger.error({ requestId, err: error }, 'a check failed');
    const { detail, remedy } = problemAnswer(error, deps.publicUrl).body;
    return new RolebridgeError('internal_error', detail, { ...(remedy && { remedy }), cause: error });
  }

  /**
   * The progress of a check, without JavaScript: a page that refreshes until there is a verdict. Any process of the
   * service can answer.
   */
  routes.get('/connections/:id/checking', async (visit) => {
    const connection = await visit.connection();
    const check = await deps.store.runningCheck(connection.organizationId, connection.id);
    if (check === undefined || check.requestId !== visit.queried('request'))
      return visit.seeOther(`/connections/${connection.id}/setup`);
    const { roleArn, state, startedAt, code = 'internal_error' } = check;
    if (state === 'passed') return visit.seeOther(await afterCheck(visit));
    if (state === 'failed') return sendVerdict(visit, connection, roleArn, code);
    const longestMs = deps.propagationWindowMs + deps.maxWaitMs + 30_000;
    if (deps.clock.now() - Date.parse(startedAt) > longestMs)
      return sendVerdict(visit, connection, roleArn, 'verification_in_progress');
    visit.response.setHeader('refresh', String(refreshSeconds));
    const progress = { isPropagating: state === 'propagating' };
    return sendSetup(visit, connection, { roleArn, progress });
  });

  /** Sends a verdict with the stored details, or with the meaning of its code. */
  function sendVerdict(
    visit: Visit,
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
    return sendSetup(visit, connection, { roleArn, result });
  }
}

const isOf = (connection: Connection, roleArn: string): boolean =>
  'roleArn' in connection && connection.roleArn === roleArn;

/** The part of a failed check that stays on the page. */
const updateOf = (
  texts: Texts,
  roleArn: string,
  error: RolebridgeError,
  connection: Connection,
  checks: readonly Check[] = [],
): SetupUpdate => {
  if (error.code === 'role_arn_invalid') return { roleArn, arnError: sentenceOf(error, texts) };
  const result = resultOf(error, isOf(connection, roleArn) ? connection : undefined);
  return { roleArn, result: result.checks.length > 0 ? result : { ...result, checks } };
};

/** After the last check: name and scope where they are missing, or else the success. */
async function afterCheck(visit: Visit): Promise<string> {
  const connection = await visit.connection();
  return isComplete(connection) || visit.session.connectionId
    ? `/connections/${connection.id}/connected`
    : `${withQuery(`/connections/${connection.id}/setup`, { ...chosenIn(visit) })}#step`;
}

/** Without JavaScript the POST waits this long for a verdict before it redirects to the progress page. */
const soonMs = 2_000;

/** True when the check ends soon; false while it continues. @throws errors of the check in that time */
async function settlesSoon(site: Site, check: Promise<unknown>): Promise<boolean> {
  const waiting = new AbortController();
  try {
    const settled = check.then(() => true);
    const hasSettled = await Promise.race([
      settled,
      site.deps.clock.sleep(soonMs, waiting.signal).then(() => false),
    ]);
    // The progress page reads the outcome from the row of the check; an unexpected error is logged as well.
    if (!hasSettled)
      settled.catch((error: unknown) => {
        if (!(error instanceof RolebridgeError)) site.logger.error({ err: error }, 'a check failed');
      });
    return hasSettled;
  } finally {
    waiting.abort();
  }
}
