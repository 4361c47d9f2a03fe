import { html } from 'hono/html';
import type { Connection } from '../../domain/connection.js';
import type { Html } from './layout.js';

export interface Checking {
  readonly connection: Connection;
  readonly roleArn: string;
  /** AWS has been asked, and does not know the role yet. */
  readonly isPropagating: boolean;
  readonly address: string;
}

/** While a check goes on, for who has no script. */
export const checkingView = ({ connection, roleArn, isPropagating, address }: Checking): Html => html`
<nav aria-label="Breadcrumb" class="crumbs"><a href="/connections">Connections</a> <a href="/connections/${connection.id}/setup">Set up</a></nav>
<h1>Checking the connection</h1>
<p><code>${roleArn}</code></p>
<div role="status"><ol class="checks"><li class="check waiting">${
  isPropagating
    ? 'AWS does not know the role yet. A new role takes a few seconds, rarely a minute: it is tried again.'
    : 'Asking AWS…'
}</li></ol></div>
<p>This page looks again by itself every two seconds, and shows the outcome then. You can leave it: the check goes on, and the list of connections says what became of it.</p>
<p><a role="button" class="secondary" href="${address}">Look now</a></p>`;
