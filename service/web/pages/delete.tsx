import { deleteConnection } from '../../actions/change-connection.js';
import type { Connection } from '../../domain/connection.js';
import { keysThatMatch, type Scope } from '../../domain/scope.js';
import { Account, Button, ButtonLink, Form, Link } from '../components/basics.js';
import { Field } from '../components/field.js';
import { Icon } from '../components/icon.js';
import { levelIcons, levelOf, ScopePath } from '../components/scope.js';
import { accountOf, Status } from '../components/status.js';
import { ConnectionHead } from '../layout.js';
import { useTexts } from '../page-context.js';
import type { Routes, Visit } from '../site.js';

interface DeletePageProps {
  readonly connection: Connection;
  /** The connection of each of its scopes afterwards. */
  readonly afterwards: readonly { readonly scope: Scope; readonly next: Connection | undefined }[];
  /** The name that was typed, which is not the connection's. */
  readonly typed: string | undefined;
}

export function addDeletePages(routes: Routes): void {
  const { deps } = routes.site;

  routes.get('/connections/:id/delete', async (visit) => sendDelete(visit, await visit.connection()));

  routes.post('/connections/:id/delete', async (visit) => {
    const connection = await visit.connection();
    const typed = visit.field('name').trim();
    if (typed !== connection.name) return sendDelete(visit, connection, typed);
    await deleteConnection(deps, visit.by, connection);
    return visit.seeOther('/connections?done=deleted');
  });

  async function sendDelete(visit: Visit, connection: Connection, typed?: string): Promise<void> {
    const { connectionId, authority } = visit.session;
    // A limited session learns of no other connection.
    const isLimited = connectionId !== undefined || authority.scope !== undefined;
    const afterwards = await Promise.all(
      (isLimited ? [] : connection.scopes).map(async (scope) => ({
        scope,
        next: await nextHolder(connection, scope),
      })),
    );
    await visit.loadTargetNames();
    const view = <DeletePage connection={connection} afterwards={afterwards} typed={typed} />;
    return visit.send(view, { status: typed === undefined ? 200 : 422 });
  }

  async function nextHolder(connection: Connection, scope: Scope): Promise<Connection | undefined> {
    const holders = await deps.store.scopeHolders(connection.organizationId, keysThatMatch(scope));
    return holders.find((holder) => holder.connection.id !== connection.id)?.connection;
  }
}

function DeletePage({ connection, afterwards, typed }: DeletePageProps) {
  const { remove: texts } = useTexts();
  const path = `/connections/${connection.id}`;
  const account = accountOf(connection);
  return (
    <>
      <ConnectionHead
        connection={connection}
        here={texts.crumb}
        title={texts.title(connection.name)}
        lead={
          <>
            {account && (
              <>
                <Account id={account} />
                {' · '}
              </>
            )}
            {connection.method === 'access_key' ? texts.key : texts.role}
          </>
        }
      />
      <div class="card narrow">
        <div class="section">
          <h2>{texts.afterwards}</h2>
          {afterwards.length === 0 && <p class="muted">{texts.noScope}</p>}
          <ul class="afterwards">
            {afterwards.map(({ scope, next }) => (
              <li>
                <Icon name={levelIcons[levelOf(scope)]} />
                <b>
                  <ScopePath scope={scope} />
                </b>
                <Icon name="right" small />
                {next ? (
                  <span class="row">
                    <Link path={`/connections/${next.id}`}>{next.name}</Link>
                    <Status connection={next} />
                  </span>
                ) : (
                  <span>{texts.nothing}</span>
                )}
              </li>
            ))}
          </ul>
        </div>
        <Form path={`${path}/delete`}>
          <div class="section">
            <Field
              name="name"
              label={texts.type(connection.name)}
              value={typed ?? ''}
              error={typed === undefined ? undefined : texts.wrong}
              width="m"
            />
            <div class="actions">
              <Button look="danger">
                <Icon name="trash" />
                {texts.button}
              </Button>
              <ButtonLink path={path}>{texts.keep}</ButtonLink>
            </div>
          </div>
        </Form>
      </div>
    </>
  );
}
