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
import { historyOf, pageOf, personsOf } from '../history.js';
import { ConnectionHead } from '../layout.js';
import { useTexts } from '../page-context.js';
import { deployedSet } from '../permission-sets.js';
import { type Routes, refusalOf, type Visit } from '../site.js';
import { ConnectionPage, type ConnectionPageProps } from './connection-page.js';
import { scopeTree } from './scope-choices.js';

const historySize = 20;

/** One connection: identity, status, scope and history. */
export function addConnectionPages(routes: Routes): void {
  const { site } = routes;
  const { deps } = site;

  routes.get('/connections/:id', async (visit) => sendConnection(visit, await visit.connection()));

  routes.post('/connections/:id/verify', async (visit) => {
    const connection = await visit.connection();
    const refused = await refusalOf(() => verifyAgain(deps, visit.by, connection));
    if (refused === undefined) return visit.seeOther(`/connections/${connection.id}?done=verified`);
    // A refusal is stored with the connection; that nothing was decided is said here.
    const result = refused.retryAfterSeconds === undefined ? undefined : resultOf(refused);
    return sendConnection(visit, await visit.connection(), { result }, statusOf(refused));
  });

  routes.get('/connections/:id/name', async (visit) => {
    const connection = await visit.connection();
    return visit.send(<RenamePage connection={connection} name={connection.name} />);
  });

  routes.post('/connections/:id/name', async (visit) => {
    const connection = await visit.connection();
    const given = visit.field('name');
    const refused = await refusalOf(async () => {
      const { name } = parse(renameRequest, { name: given }, 'body');
      await changeConnection(deps, visit.by, connection, { name });
    });
    if (refused === undefined) return visit.seeOther(`/connections/${connection.id}?done=named`);
    const { name, form } = wrongOf(refused, visit.texts);
    const view = <RenamePage connection={connection} name={given} error={name ?? form} />;
    return visit.send(view, { status: statusOf(refused) });
  });

  async function sendConnection(
    visit: Visit,
    connection: Connection,
    more: Pick<ConnectionPageProps, 'result'> = {},
    status = 200,
  ): Promise<void> {
    const before = [visit.queried('before')].find(isAuditId);
    const [{ records, hasMore }, { tree, isCut }] = await Promise.all([
      deps.store.auditRecords(connection.organizationId, {
        // An intent and an outcome each, at most.
        limit: 2 * historySize + 1,
        before,
        connectionId: connection.id,
      }),
      scopeTree(site, visit.session, []),
    ]);
    const shown = pageOf(records, historySize);
    const last = shown.length < records.length || hasMore ? shown.at(-1) : undefined;
    return visit.send(
      <ConnectionPage
        connection={connection}
        set={deployedSet(site, connection)}
        tree={tree}
        isTreeCut={isCut}
        history={historyOf(shown, visit.texts, await personsOf(deps, shown))}
        isOlderHistory={before !== undefined}
        olderHistory={last && `/connections/${connection.id}?before=${last.id}#history`}
        {...more}
      />,
      { status },
    );
  }
}

function RenamePage(props: { connection: Connection; name: string; error?: string | undefined }) {
  const { connection: texts, list } = useTexts();
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
              label={list.columns.name}
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
