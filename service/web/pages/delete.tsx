import type { Request, Response, Router } from 'express';
import { deleteConnection } from '../../actions/change-connection.js';
import type { Connection } from '../../domain/connection.js';
import { keysThatMatch, type Scope } from '../../domain/scope.js';
import { Account, Button, ButtonLink, Form, useHref } from '../components/basics.js';
import { Field } from '../components/field.js';
import { Icon } from '../components/icon.js';
import { levelIcons, levelOf, ScopePath } from '../components/scope.js';
import { accountOf, Status } from '../components/status.js';
import { useTexts } from '../page-context.js';
import {
  byOf,
  connectionIn,
  field,
  loadTargetNames,
  type Site,
  seeOther,
  sendPage,
  sessionOf,
  textsOf,
} from '../site.js';
import { ConnectionHead } from './connection-head.js';

type Named = Request<{ id: string }>;

interface DeletePageProps {
  readonly connection: Connection;
  /** The connection of each of its scopes afterwards. */
  readonly afterwards: readonly { readonly scope: Scope; readonly next: Connection | undefined }[];
  readonly typed: string;
  readonly isWrong: boolean;
}

export function addDeletePages(pages: Router, site: Site): void {
  const { deps } = site;

  pages.get('/connections/:id/delete', async (request: Named, response) =>
    sendDelete(response, await connectionIn(site, request, response)),
  );

  pages.post('/connections/:id/delete', async (request: Named, response) => {
    const connection = await connectionIn(site, request, response);
    const typed = field(request, 'name');
    if (typed !== connection.name) return sendDelete(response, connection, typed);
    await deleteConnection(deps, byOf(response), connection);
    return seeOther(site, response, '/connections?done=deleted');
  });

  async function sendDelete(response: Response, connection: Connection, typed?: string): Promise<void> {
    const { connectionId, authority } = sessionOf(response);
    // A limited session learns of no other connection.
    const isLimited = connectionId !== undefined || authority.scope !== undefined;
    const afterwards = await Promise.all(
      (isLimited ? [] : connection.scopes).map(async (scope) => ({
        scope,
        next: await nextHolder(connection, scope),
      })),
    );
    await loadTargetNames(site, response);
    const title = textsOf(site, response).remove.title(connection.name);
    const view = (
      <DeletePage
        connection={connection}
        afterwards={afterwards}
        typed={typed ?? ''}
        isWrong={typed !== undefined}
      />
    );
    return sendPage(site, response, { title }, view, typed === undefined ? 200 : 422);
  }

  async function nextHolder(connection: Connection, scope: Scope): Promise<Connection | undefined> {
    const holders = await deps.store.scopeHolders(connection.organizationId, keysThatMatch(scope));
    return holders.find((holder) => holder.connection.id !== connection.id)?.connection;
  }
}

function DeletePage({ connection, afterwards, typed, isWrong }: DeletePageProps) {
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
                    <a href={useHref()(`/connections/${next.id}`)}>{next.name}</a>
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
              value={typed}
              error={isWrong ? texts.wrong : undefined}
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
