import type { Request, Response, Router } from 'express';
import type { AuditRecord } from '../domain/audit.js';
import type { Connection } from '../domain/connection.js';
import { type ErrorCode, errorCatalog } from '../domain/error-catalog/index.js';
import { RolebridgeError } from '../domain/errors.js';
import { refusalOf } from './access-key-pages.js';
import { sendSetup } from './setup-pages.js';
import { connectionIn, type Site, sendPage } from './site.js';
import { checkingView } from './views/checking.js';
import { refusedVerification } from './views/status.js';

const refreshSeconds = 2;

/**
 * How a check goes on, for who has no script: a page that asks for itself again until it is decided. It reads the audit
 * log, so that any process of the service can answer it.
 */
export function addCheckingPage(pages: Router, site: Site): void {
  const { deps } = site;

  pages.get('/connections/:id/checking', async (request: Request<{ id: string }>, response) => {
    const connection = await connectionIn(site, request, response);
    const latest = await latestRecord(connection, request.query.request);
    if (latest === undefined) return response.redirect(303, `/connections/${connection.id}/setup`);
    const roleArn = String(latest.details?.roleArn ?? '');
    const isPropagating = latest.phase === 'outcome' && latest.code === 'verification_in_progress';
    if (latest.phase === 'intent' || isPropagating) {
      if (deps.clock.now() - Date.parse(latest.at) > deps.maxWaitMs + 30_000)
        return sendRefused(request, response, connection, roleArn, 'verification_in_progress');
      response.setHeader('refresh', String(refreshSeconds));
      const view = checkingView({ connection, roleArn, isPropagating, address: request.originalUrl });
      return sendPage(site, response, 'Checking the connection', view);
    }
    if (latest.outcome === 'succeeded')
      return response.redirect(303, `/connections/${connection.id}/setup?done=connected#name`);
    return sendRefused(request, response, connection, roleArn, latest.code ?? 'internal_error');
  });

  /** A check is a verification or several, until AWS knows the role: all with the id of the request that began it. */
  async function latestRecord(connection: Connection, requestId: unknown): Promise<AuditRecord | undefined> {
    const { records } = await deps.store.auditRecords(connection.organizationId, {
      limit: 100,
      connectionId: connection.id,
    });
    return records.find((record) => record.requestId === requestId && record.action === 'connection.verify');
  }

  /** With all that is known of it: what was stored with the connection, or what its code means. */
  function sendRefused(
    request: Request,
    response: Response,
    connection: Connection,
    roleArn: string,
    code: ErrorCode,
  ): Promise<void> {
    const stored =
      'roleArn' in connection && connection.roleArn === roleArn && refusedVerification(connection);
    const checkResult =
      stored && stored.code === code
        ? stored.view
        : refusalOf(
            new RolebridgeError(code, `${errorCatalog[code].title}.`, { remedy: errorCatalog[code].fix }),
          );
    return sendSetup(site, request, response, connection, { roleArn, checkResult });
  }
}
