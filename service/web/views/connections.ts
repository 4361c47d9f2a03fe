import { html } from 'hono/html';
import type { Connection } from '../../domain/connection.js';
import { type Html, timeView } from './layout.js';
import { accountOf, methodName, problemOf, scopesText, statusBadge, verificationOf } from './status.js';

/** From this many connections on there is a search and there are pages. */
export const pageSize = 25;

export interface ConnectionList {
  readonly connections: readonly Connection[];
  readonly search: string;
  /** Whether the list is one of several pages, or of a search. */
  readonly isLong: boolean;
  readonly firstPage?: string | undefined;
  readonly nextPage?: string | undefined;
}

export const connectionsView = (list: ConnectionList): Html => html`
<div class="title"><h1>Connections</h1><a role="button" href="/connections/new">New connection</a></div>
${
  list.isLong
    ? html`<search><form class="search" method="get" action="/connections"><label for="search">Search by name, account or id</label><div class="row"><input id="search" type="search" name="q" value="${list.search}" maxlength="100"><button type="submit" class="secondary">Search</button></div></form></search>`
    : ''
}
<div data-live="connections">
${list.connections.length === 0 ? emptyView(list.search) : tableView(list.connections)}
</div>
${
  list.firstPage || list.nextPage
    ? html`<nav class="pages" aria-label="Pages">${list.firstPage ? html`<a href="${list.firstPage}">First page</a>` : ''}${list.nextPage ? html`<a href="${list.nextPage}" rel="next">Next page</a>` : ''}</nav>`
    : ''
}`;

const emptyView = (search: string): Html =>
  search
    ? html`<p class="empty">No connection matches “${search}”. <a href="/connections">Show all</a></p>`
    : html`<article class="empty"><h2>Nothing is connected yet</h2><p>A connection lets the platform work in one AWS account. It takes two minutes: you make a role in your account, and it is checked on the spot.</p><p><a role="button" href="/connections/new">Connect an AWS account</a></p></article>`;

const tableView = (connections: readonly Connection[]): Html => html`
<table class="connections">
<thead><tr><th scope="col">Name</th><th scope="col">Status</th><th scope="col">Account</th><th scope="col">Method</th><th scope="col">Applies to</th><th scope="col">Last checked</th></tr></thead>
<tbody>${connections.map(rowView)}</tbody>
</table>`;

function rowView(connection: Connection): Html {
  const problem = problemOf(connection);
  const verification = verificationOf(connection);
  const href = `/connections/${connection.id}${connection.status === 'pending' ? '/setup' : ''}`;
  return html`<tr>
<th scope="row" data-label="Name"><a href="${href}">${connection.name}</a>${problem ? html`<small class="problem-text">${problem}</small>` : ''}</th>
<td data-label="Status">${statusBadge(connection)}${connection.status === 'pending' ? html` <a href="${href}">Continue<span class="sr"> with ${connection.name}</span></a>` : ''}</td>
<td data-label="Account">${accountOf(connection) ? html`<code>${accountOf(connection)}</code>` : '–'}</td>
<td data-label="Method">${methodName(connection)}</td>
<td data-label="Applies to">${scopesText(connection)}</td>
<td data-label="Last checked">${verification ? timeView(verification.finishedAt) : '–'}</td>
</tr>`;
}
