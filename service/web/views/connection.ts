import { html } from 'hono/html';
import { type Connection, roleRegistrationOf } from '../../domain/connection.js';
import { describeScope, type Scope, scopeKey } from '../../domain/scope.js';
import type { HistoryEntry } from '../history.js';
import type { WebSession } from '../session.js';
import { csrfField, type Html, timeView } from './layout.js';
import { scopeFormView, type TakenScope } from './scope-form.js';
import {
  accountOf,
  checksView,
  methodName,
  refusedVerification,
  statusBadge,
  verificationOf,
} from './status.js';

/** A level of a scope's path, and the connection that it resolves to. */
export interface ResolvedLevel {
  readonly scope: Scope;
  readonly connection: Pick<Connection, 'id' | 'name' | 'status'> | undefined;
}

export interface ScopeTree {
  readonly levels: readonly ResolvedLevel[];
  /** There are more within it than are shown. */
  readonly isCut: boolean;
}

export interface ConnectionPage {
  readonly session: WebSession;
  readonly connection: Connection;
  /** For each scope: its path from the organization down, and what others hold within it. */
  readonly trees: readonly ScopeTree[];
  readonly history: readonly HistoryEntry[];
  readonly olderHistory?: string | undefined;
  readonly taken?: TakenScope | undefined;
  readonly problem?: Html | undefined;
}

export function connectionPageView(page: ConnectionPage): Html {
  const { connection, session } = page;
  return html`
<nav aria-label="Breadcrumb" class="crumbs"><a href="/connections">Connections</a></nav>
<div data-live="connection">
<div class="title"><h1>${connection.name}</h1>${statusBadge(connection)}</div>
${summaryView(connection)}
</div>
${page.problem ?? ''}
<div class="actions">
${connection.status === 'pending' || connection.status === 'disconnected' ? html`<a role="button" href="/connections/${connection.id}/setup">${connection.status === 'pending' ? 'Continue to set it up' : 'Connect it again'}</a>` : postButton(session, `/connections/${connection.id}/verify`, 'Verify again', 'Checking with AWS… (up to a minute)')}
</div>
<section aria-labelledby="checks"><h2 id="checks">Checks</h2><div data-live="checks">${checksSection(connection)}</div></section>
<section aria-labelledby="scopes"><h2 id="scopes">Where it applies</h2>${scopesSection(page)}</section>
<section aria-labelledby="history"><h2 id="history">History</h2><div data-live="history">${historyView(page)}</div></section>
<section aria-labelledby="change"><h2 id="change">Change it</h2>${changeSection(page)}</section>`;
}

function summaryView(connection: Connection): Html {
  const facts: [string, Html | string][] = [
    ['Account', accountOf(connection) ? html`<code>${accountOf(connection)}</code>` : '–'],
    ['Method', methodName(connection)],
  ];
  if ('roleArn' in connection && connection.roleArn)
    facts.push(['Role', html`<code>${connection.roleArn}</code>`]);
  if (connection.method === 'access_key' && connection.status !== 'disconnected') {
    facts.push(['Key', html`ends with <code>${connection.accessKey.lastFour}</code>`]);
    facts.push(['Belongs to', html`<code>${connection.accessKey.principalArn}</code>`]);
    if (connection.accessKey.sessionExpiresAt)
      facts.push(['Ends', timeView(connection.accessKey.sessionExpiresAt)]);
  }
  if (connection.method === 'assume_role')
    facts.push(['External ID', html`<code>${connection.externalId}</code>`]);
  if (connection.method === 'assume_role' && connection.pendingExternalId)
    facts.push(['New external ID, not deployed yet', html`<code>${connection.pendingExternalId}</code>`]);
  facts.push(['Id', html`<code>${connection.id}</code>`], ['Made', timeView(connection.createdAt)]);
  const narrowFirst = [...facts].sort(
    ([one], [other]) => Number(wideFacts.has(one)) - Number(wideFacts.has(other)),
  );
  return html`<dl class="facts">${narrowFirst.map(([term, value]) => html`<div class="${wideFacts.has(term) ? 'wide' : ''}"><dt>${term}</dt><dd>${value}</dd></div>`)}</dl>`;
}

const wideFacts = new Set(['Role', 'Belongs to', 'External ID', 'New external ID, not deployed yet']);

function checksSection(connection: Connection): Html {
  const verification = verificationOf(connection);
  if (verification === undefined)
    return html`<p>${connection.status === 'disconnected' ? 'The role was taken away; there is nothing to check.' : 'Nothing has been checked yet.'}</p>`;
  return html`${refusedVerification(connection)?.view ?? ''}${checksView(verification.checks)}<p><small>Last checked ${timeView(verification.finishedAt)}.</small></p>`;
}

function scopesSection(page: ConnectionPage): Html {
  const { connection, session, trees } = page;
  return html`
${
  connection.scopes.length === 0
    ? html`<p>Nowhere yet: no target resolves to this connection.</p>`
    : html`<ul class="scopes">${connection.scopes.map(
        (scope, index) => html`<li>
<div class="row"><strong>${describeScope(scope)}</strong>
<form method="post" action="/connections/${connection.id}/scopes">${csrfField(session)}<input type="hidden" name="from" value="connection"><input type="hidden" name="mode" value="remove"><input type="hidden" name="key" value="${scopeKey(scope)}"><button type="submit" class="plain">Remove<span class="sr"> ${describeScope(scope)}</span></button></form></div>
${treeView(trees[index], connection)}</li>`,
      )}</ul>`
}
<details${page.taken ? html` open` : ''}><summary>Add a part of the organization</summary>
${scopeFormView({ session, connection: { ...connection, scopes: [] }, action: `/connections/${connection.id}/scopes`, from: 'connection', mode: 'add', submit: 'Add', taken: page.taken })}</details>`;
}

const treeView = (tree: ScopeTree | undefined, connection: Connection): Html =>
  html`<ol class="path">${tree?.levels.map(
    ({ scope, connection: holder }) =>
      html`<li class="level-${Object.keys(scope).length}">${lastName(scope)} <small>→ ${holder === undefined ? 'no connection' : holder.id === connection.id ? 'this connection' : html`<a href="/connections/${holder.id}">${holder.name}</a> (${holder.status})`}</small></li>`,
  )}</ol>${tree?.isCut ? html`<p><small>Other connections hold more parts of it than are shown here.</small></p>` : ''}`;

const lastName = ({ project, environment, architecture }: Scope): string =>
  architecture ?? environment ?? project ?? 'The organization';

const historyView = (page: ConnectionPage): Html =>
  page.history.length === 0
    ? html`<p>Nothing yet.</p>`
    : html`<ol class="history">${page.history.map(
        ({ at, title, outcome, code, who, details }) =>
          html`<li class="${outcome}"><span>${title}</span> <span class="outcome">${outcome}${code ? html` (<code>${code}</code>)` : ''}</span> <small>${timeView(at)} · ${who}${details ? html` · ${details}` : ''}</small></li>`,
      )}</ol>${page.olderHistory ? html`<p><a href="${page.olderHistory}">Older</a></p>` : ''}`;

function changeSection(page: ConnectionPage): Html {
  const { connection, session } = page;
  const path = `/connections/${connection.id}`;
  return html`
<form method="post" action="${path}/name" class="row">${csrfField(session)}<input type="hidden" name="from" value="connection">
<label>Name<input name="name" required maxlength="100" value="${connection.name}"></label><button type="submit" class="secondary">Rename</button></form>
<ul class="changes">
${
  connection.method === 'access_key'
    ? html`<li><a href="${path}/access-key">Exchange the access key</a> <small>for another of the same account; name and scopes stay.</small></li>
<li>${connection.migration ? html`<a href="${path}/setup">Continue the move to a role</a>` : postButton(session, `${path}/migrate-to-role`, 'Move to a role', undefined, 'plain')} <small>The key works until the role has been checked, and is destroyed then.</small></li>`
    : html`<li><a href="${path}/setup#check">Give another role</a> <small>checked on the spot; a refused one changes nothing.</small></li>
<li>${
        connection.pendingExternalId === undefined
          ? html`${postButton(session, `${path}/external-id`, 'Change the external ID', undefined, 'plain')} <small>without downtime: the one before works until the new one is deployed and checked.</small>`
          : html`<a href="${path}/setup#create">Deploy the new external ID</a> ${postButton(session, `${path}/external-id/cancel`, 'Keep the one before', undefined, 'plain')}`
      }</li>`
}
${roleRegistrationOf(connection) ? html`<li><a href="${path}/setup?way=cdktf#create">The role as code</a> <small>for CDKTF, Terraform, CloudFormation and the AWS CLI.</small></li>` : ''}
<li><a class="danger" href="${path}/delete">Delete this connection</a></li>
</ul>`;
}

export const postButton = (
  session: WebSession,
  action: string,
  title: string,
  busy?: string,
  kind: 'secondary' | 'plain' = 'secondary',
): Html =>
  html`<form method="post" action="${action}" class="button">${csrfField(session)}<button type="submit" class="${kind}"${busy ? html` data-busy="${busy}"` : ''}>${title}</button></form>`;

export interface DeletePage {
  readonly session: WebSession;
  readonly connection: Connection;
  /** What each of its scopes resolves to afterwards. */
  readonly afterwards: readonly ResolvedLevel[];
  readonly problem?: string | undefined;
}

export const deleteView = ({ session, connection, afterwards, problem }: DeletePage): Html => html`
<nav aria-label="Breadcrumb" class="crumbs"><a href="/connections">Connections</a> <a href="/connections/${connection.id}">${connection.name}</a></nav>
<h1>Delete “${connection.name}”</h1>
<p>The platform forgets this connection and loses its way into account <code>${accountOf(connection) || '–'}</code>. ${connection.method === 'access_key' ? 'The stored access key is destroyed; delete the key in AWS as well.' : 'The role stays in your account: delete it there, or destroy the stack that made it.'}</p>
${
  afterwards.length > 0
    ? html`<h2>What applies afterwards</h2><ul class="scopes">${afterwards.map(
        ({ scope, connection: next }) =>
          html`<li><strong>${describeScope(scope)}</strong> → ${next ? html`${next.name} (${next.status})` : html`<strong>nothing</strong>: requests for it are refused`}</li>`,
      )}</ul>`
    : html`<p>It applies nowhere, so nothing else changes.</p>`
}
${problem ? html`<div class="notice problem" role="alert"><p>${problem}</p></div>` : ''}
<form method="post" action="/connections/${connection.id}/delete" autocomplete="off">
${csrfField(session)}
<label>Type the name of the connection, <strong>${connection.name}</strong>, to delete it<input name="name" required autocomplete="off" spellcheck="false"></label>
<button type="submit" class="danger">Delete this connection</button> <a role="button" class="secondary outline" href="/connections/${connection.id}">Keep it</a>
</form>`;
