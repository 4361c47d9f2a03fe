import { html } from 'hono/html';
import type { Connection, RoleRegistration } from '../../domain/connection.js';
import type { WebSession } from '../session.js';
import { copyBox, csrfField, type Html } from './layout.js';
import { scopeFormView, type TakenScope } from './scope-form.js';
import { checksView, statusBadge, verificationOf } from './status.js';

/** A way to create the role, as text to copy whole. */
export interface Way {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  /** What to do with it. */
  readonly help: string;
  /** Whether the customer's stack calls back by itself: then it needs the callback secret, and no ARN is pasted. */
  readonly callsBack: boolean;
  /** Does the same in a console, filled in. */
  readonly link?: { readonly title: string; readonly url: string } | undefined;
  /** The same in another form. */
  readonly other?: { readonly title: string; readonly help: string; readonly text: string } | undefined;
}

export interface Preset {
  readonly id: string;
  readonly title: string;
  readonly sentence: string;
}

export interface Setup {
  readonly session: WebSession;
  readonly connection: Connection;
  readonly trust: RoleRegistration | undefined;
  /** Where the vendor is in several. */
  readonly partitionName?: string | undefined;
  readonly principal: string;
  readonly presets: readonly Preset[];
  readonly preset: string;
  readonly ways: readonly Way[];
  readonly way: string;
  readonly consoleUrl: string;
  /** Just made: it is shown this once. */
  readonly callbackSecret?: string | undefined;
  readonly roleArn?: string | undefined;
  /** What became of the last check, when it was refused or not decided. */
  readonly checkResult?: Html | undefined;
  readonly taken?: TakenScope | undefined;
  readonly scopeProblem?: Html | undefined;
}

/** The whole way on one page: create the role, give its ARN, check, name, scope. */
export function setupView(setup: Setup): Html {
  const { connection, session, trust } = setup;
  const isConnected = connection.status === 'connected' && trust === connection;
  const isNamed = connection.name !== defaultName;
  return html`
<nav aria-label="Breadcrumb" class="crumbs"><a href="/connections">Connections</a> ${connection.status === 'pending' ? '' : html`<a href="/connections/${connection.id}">${connection.name}</a>`}</nav>
<div class="title"><h1>${connection.method === 'access_key' ? (trust ? 'Move to a role' : 'Almost done') : 'Connect with a role'}</h1><span data-live="status" data-reload-when="connected">${statusBadge(connection)}</span></div>
<p>${setup.partitionName ? html`For an account in <strong>${setup.partitionName}</strong>. ` : ''}You can leave this page at any time and continue from the list of connections.</p>
<ol class="steps">
${trust ? roleStepsView(setup, trust, isConnected) : ''}
<li class="step ${isNamed ? 'done' : ''}" id="name"><h2>Name it</h2>
<form method="post" action="/connections/${connection.id}/name" class="row">
${csrfField(session)}<input type="hidden" name="from" value="setup">
<label>Name<input name="name" required maxlength="100" value="${isNamed ? connection.name : ''}" placeholder="production"></label>
<button type="submit" class="secondary">Save the name</button>
</form></li>
<li class="step ${connection.scopes.length > 0 ? 'done' : ''}" id="scope"><h2>Say where it applies</h2>
<p>Whatever the platform does in this part of your organization, it does in this AWS account.</p>
${setup.scopeProblem ?? ''}
${scopeFormView({ session, connection, action: `/connections/${connection.id}/scopes`, from: 'setup', mode: 'set', submit: 'Save where it applies', taken: setup.taken })}
</li>
</ol>
<p><a role="button" class="${connection.status === 'connected' ? '' : 'secondary outline'}" href="/connections/${connection.id}">${connection.status === 'connected' ? 'Finish' : 'To the connection'}</a></p>`;
}

export const defaultName = 'New connection';

function roleStepsView(setup: Setup, trust: RoleRegistration, isConnected: boolean): Html {
  const { connection, session } = setup;
  const verification = verificationOf(connection);
  return html`
<li class="step ${isConnected ? 'done' : ''}" id="create"><h2>Create the role</h2>
<form method="get" action="/connections/${connection.id}/setup#create" data-submit-on-change>
<input type="hidden" name="way" value="${setup.way}">
<fieldset><legend>What may the platform do in your account?</legend>
${setup.presets.map(({ id, title, sentence }) => html`<label class="choice"><input type="radio" name="permissions" value="${id}"${id === setup.preset ? html` checked` : ''}><span><strong>${title}</strong> <small>${sentence}</small></span></label>`)}
</fieldset>
<button type="submit" class="secondary outline" data-without-script>Use these permissions</button>
</form>
<nav class="tabs" aria-label="Ways to create the role"><ul>
${[{ id: 'console', title: 'AWS console' }, ...setup.ways].map(({ id, title }) => html`<li><a href="/connections/${connection.id}/setup?${query(setup.preset, id)}#create"${id === setup.way ? html` aria-current="true"` : ''}>${title}</a></li>`)}
</ul></nav>
<section class="way">${setup.way === 'console' ? consoleView(setup) : wayView(setup)}</section>
<div class="values">${copyBox('External ID', trust.pendingExternalId ?? trust.externalId)}${copyBox('Vendor’s account', setup.principal.split(':')[4] ?? '')}${copyBox('Vendor’s principal', setup.principal)}</div>
</li>
<li class="step ${isConnected ? 'done' : ''}" id="paste"><h2>Paste the role’s ARN</h2>
<p>The ARN is on the role’s page in the IAM console, at the top right of <em>Summary</em>.</p>
<form method="post" action="/connections/${connection.id}/check" id="role" data-check>
${csrfField(session)}<input type="hidden" name="from" value="setup">
<label for="arn">Role ARN</label>
<input id="arn" name="roleArn" required maxlength="2048" spellcheck="false" autocapitalize="off" autocomplete="off" placeholder="arn:aws:iam::123456789012:role/rolebridge" value="${setup.roleArn ?? ''}" aria-describedby="arn-hint" data-arn>
<small id="arn-hint" data-arn-hint aria-live="polite">It looks like arn:aws:iam::123456789012:role/name.</small>
</form></li>
<li class="step ${isConnected ? 'done' : ''}" id="check"><h2>Check the connection</h2>
<p>AWS is asked to let the platform in with the external ID, and to keep it out without.</p>
<button type="submit" form="role">Check connection</button>
<div data-check-progress aria-live="polite">${setup.checkResult ?? (verification && connection.status === 'connected' ? connectedView(connection) : '')}${verification ? checksView(verification.checks) : ''}</div>
</li>`;
}

const query = (permissions: string, way: string) => new URLSearchParams({ permissions, way }).toString();

const consoleView = (setup: Setup): Html => html`
<p><a role="button" href="${setup.consoleUrl}" target="_blank" rel="noopener noreferrer">Create role in the AWS console<span class="sr"> (opens a new tab)</span> ↗</a></p>
<ol class="plain-steps">
<li>Sign in to the account that you want to connect. The form is filled in already: the vendor’s account, the external ID, the permissions.</li>
<li>Press <strong>Next</strong> until the last page, then <strong>Create role</strong>.</li>
<li>Open the new role and copy its <strong>ARN</strong> into the next step.</li>
</ol>
<p><small>The console can only trust the vendor’s whole account, not one principal of it; the external ID is required all the same.</small></p>`;

function wayView(setup: Setup): Html {
  const way = setup.ways.find(({ id }) => id === setup.way) ?? setup.ways[0];
  if (way === undefined) return html``;
  return html`<p>${way.help}</p>
${
  way.callsBack
    ? html`<p>The stack tells the platform by itself that the role is there: this page then turns to <em>connected</em>, and you paste nothing. It signs that with the callback secret of this connection.</p>
${
  setup.callbackSecret
    ? html`<div class="notice done" role="status"><p>Keep it now: it is shown this once.</p>${copyBox('Callback secret', setup.callbackSecret)}</div>`
    : html`<form method="post" action="/connections/${setup.connection.id}/callback-secret">${csrfField(setup.session)}<input type="hidden" name="permissions" value="${setup.preset}"><input type="hidden" name="way" value="${way.id}"><button type="submit" class="secondary">Make a callback secret</button> <small>It takes the place of one that was made before.</small></form>`
}`
    : ''
}
${way.link ? html`<p><a role="button" href="${way.link.url}" target="_blank" rel="noopener noreferrer">${way.link.title}<span class="sr"> (opens a new tab)</span> ↗</a></p>` : ''}
${copyBox(way.title, way.text, { multiline: true })}
${way.other ? html`<details><summary>${way.other.title}</summary><p>${way.other.help}</p>${copyBox(way.other.title, way.other.text, { multiline: true })}</details>` : ''}`;
}

export const connectedView = (connection: Connection): Html => {
  const verification = verificationOf(connection);
  const session =
    verification?.result === 'passed' && 'sessionArn' in verification ? verification.sessionArn : '';
  return html`<div class="notice done" role="status"><p><strong>Connected.</strong> Account <code>${'accountId' in connection ? connection.accountId : ''}</code>${session ? html`, session <code>${session}</code>` : ''}.</p></div>`;
};
