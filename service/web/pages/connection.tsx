import type { Request, Response, Router } from 'express';
import { changeConnection } from '../../actions/change-connection.js';
import { verifyAgain } from '../../actions/verify-again.js';
import { renameRequest } from '../../api/connections/requests.js';
import { statusOf } from '../../api/problem.js';
import { parse } from '../../api/schemas.js';
import type { Connection } from '../../domain/connection.js';
import { isAuditId } from '../../domain/ids.js';
import { resultOf } from '../check-result.js';
import { Button, Form } from '../components/basics.js';
import { Field } from '../components/field.js';
import { wrongOf } from '../form-errors.js';
import { historyOf, personsOf } from '../history.js';
import { useTexts } from '../page-context.js';
import { deployedSet } from '../permission-sets.js';
import {
  byOf,
  connectionIn,
  expected,
  field,
  noticeOf,
  queried,
  type Site,
  seeOther,
  sendPage,
  sessionOf,
  textsOf,
} from '../site.js';
import { ConnectionHead } from './connection-head.js';
import { ConnectionPage, type ConnectionPageProps } from './connection-page.js';
import { scopeTree } from './scope-choices.js';

const historySize = 20;
type Named = Request<{ id: string }>;

/** One connection: identity, status, scope and history. */
export function addConnectionPages(pages: Router, site: Site): void {
  const { deps } = site;

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
      // A refusal is stored with the connection; that nothing was decided is said here.
      const result = refused.retryAfterSeconds === undefined ? undefined : resultOf(refused);
      return sendConnection(request, response, now, { result }, statusOf(refused));
    }
    return seeOther(site, response, `/connections/${connection.id}?done=verified`);
  });

  pages.get('/connections/:id/name', async (request: Named, response) => {
    const connection = await connectionIn(site, request, response);
    return sendRename(response, connection, connection.name);
  });

  pages.post('/connections/:id/name', async (request: Named, response) => {
    const connection = await connectionIn(site, request, response);
    const given = field(request, 'name');
    try {
      const { name } = parse(renameRequest, { name: given }, 'body');
      await changeConnection(deps, byOf(response), connection, { name });
    } catch (error) {
      const refused = expected(error);
      const { name, form } = wrongOf(refused, textsOf(site, response));
      return sendRename(response, connection, given, name ?? form, statusOf(refused));
    }
    return seeOther(site, response, `/connections/${connection.id}?done=named`);
  });

  function sendRename(
    response: Response,
    connection: Connection,
    name: string,
    error?: string,
    status = 200,
  ): Promise<void> {
    const { connection: texts } = textsOf(site, response);
    const view = <RenamePage connection={connection} name={name} error={error} />;
    return sendPage(site, response, { title: texts.renameTitle }, view, status);
  }

  async function sendConnection(
    request: Request,
    response: Response,
    connection: Connection,
    more: Pick<ConnectionPageProps, 'result'> = {},
    status = 200,
  ): Promise<void> {
    const before = queried(request, 'before');
    const [{ records, hasMore }, { tree, isCut }] = await Promise.all([
      deps.store.auditRecords(connection.organizationId, {
        limit: 2 * historySize,
        before: isAuditId(before) ? before : undefined,
        connectionId: connection.id,
      }),
      scopeTree(site, sessionOf(response), []),
    ]);
    const last = records.at(-1);
    const texts = textsOf(site, response);
    const history = historyOf(records, texts, await personsOf(deps, records));
    const view = (
      <ConnectionPage
        connection={connection}
        set={deployedSet(site, connection)}
        tree={tree}
        isTreeCut={isCut}
        history={history.slice(0, historySize)}
        isOlderHistory={isAuditId(before)}
        olderHistory={hasMore && last ? `/connections/${connection.id}?before=${last.id}#history` : undefined}
        {...more}
      />
    );
    const head = { title: connection.name, notice: noticeOf(site, request, response) };
    return sendPage(site, response, head, view, status);
  }
}

function RenamePage(props: { connection: Connection; name: string; error: string | undefined }) {
  const { connection: texts, setup } = useTexts();
  const { connection } = props;
  return (
    <>
      <ConnectionHead
        connection={connection}
        here={texts.rename}
        title={texts.renameTitle}
        lead={texts.renameLead}
      />
      <div class="card narrow">
        <Form path={`/connections/${connection.id}/name`}>
          <div class="section">
            <Field
              name="name"
              label={setup.name}
              value={props.name}
              error={props.error}
              maxlength={100}
              width="m"
              required
            />
            <div class="actions">
              <Button look="primary">{texts.save}</Button>
            </div>
          </div>
        </Form>
      </div>
    </>
  );
}
