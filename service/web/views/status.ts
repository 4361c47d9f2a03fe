import { html } from 'hono/html';
import type { Connection } from '../../domain/connection.js';
import { errorCatalog, isErrorCode } from '../../domain/error-catalog/index.js';
import { describeScope } from '../../domain/scope.js';
import type { Verification } from '../../domain/verification.js';
import { type Html, timeView } from './layout.js';

export const statusBadge = ({ status }: Pick<Connection, 'status'>): Html =>
  html`<span class="badge ${status}">${status}</span>`;

/** What is wrong with a connection, in one sentence; nothing when nothing is. */
export function problemOf(connection: Connection): string | undefined {
  switch (connection.status) {
    case 'pending':
      return 'No role yet: continue to set it up.';
    case 'failed':
      return connection.verification.result === 'failed'
        ? `${errorCatalog[connection.verification.code].title}.`
        : undefined;
    case 'disconnected':
      return 'The customer’s stack took the role away.';
    case 'connected':
      return undefined;
  }
}

export const accountOf = (connection: Connection): string =>
  ('accountId' in connection && connection.accountId) ||
  ('roleArn' in connection && connection.roleArn?.split(':')[4]) ||
  connection.expectedAccountId ||
  '';

export const verificationOf = (connection: Connection): Verification | undefined =>
  'verification' in connection ? connection.verification : undefined;

export const methodName = ({ method }: Pick<Connection, 'method'>): string =>
  method === 'assume_role' ? 'Role' : 'Access key';

export const scopesText = ({ scopes }: Pick<Connection, 'scopes'>): string =>
  scopes.length === 0 ? 'nowhere yet' : scopes.map(describeScope).join('; ');

const checkTitles: Record<string, string> = {
  role_arn: 'The ARN is a role’s',
  not_vendor_account: 'The account is not the vendor’s',
  assumable: 'The role can be assumed with the external ID',
  account: 'The session is in the right account',
  external_id_required: 'Without the external ID it is denied',
  external_id_exact: 'With another external ID it is denied',
  access_key_works: 'The key works',
  not_root_user: 'It is not a root user’s key',
  not_already_connected: 'Nobody else has connected it',
};

export interface ShownCheck {
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'not_checked';
  readonly message: string;
  readonly at?: string | undefined;
}

export const checkView = (check: ShownCheck): Html =>
  html`<li class="check ${check.outcome}"><span class="outcome">${check.outcome}</span> <strong>${checkTitles[check.name] ?? check.name}</strong><span class="detail">${check.message}</span>${check.at ? html` <small>${timeView(check.at)}</small>` : ''}</li>`;

export const checksView = (checks: readonly ShownCheck[]): Html =>
  html`<ol class="checks">${checks.map(checkView)}</ol>`;

/** The last verification of a connection where it failed, as {@link refusalView} shows it. */
export function refusedVerification(connection: Connection) {
  const verification = verificationOf(connection);
  if (verification?.result !== 'failed') return undefined;
  const { code, diagnosis } = verification;
  return { code, view: refusalView({ ...verification, ...diagnosis }) };
}

/** Why a role or a key was refused: the check, what it means, what to do, and the trust policy to paste where that is it. */
export function refusalView(refusal: {
  readonly message: string;
  readonly remedy?: string | undefined;
  readonly code: string;
  readonly causes?: readonly { explanation: string; likelihood: string }[] | undefined;
  readonly trustPolicy?: string | undefined;
  readonly checks?: readonly ShownCheck[] | undefined;
}): Html {
  const { message, remedy, code, causes = [], trustPolicy, checks = [] } = refusal;
  const failed = checks.find(({ outcome }) => outcome === 'failed');
  return html`<div class="notice problem" role="alert">
  ${failed ? html`<p><small>The check that failed: “${checkTitles[failed.name] ?? failed.name}”</small></p>` : ''}
  <p><strong>${message}</strong></p>
  ${isErrorCode(code) ? html`<p>What it means: ${marked(errorCatalog[code].meaning)}</p>` : ''}
  ${remedy ? html`<p class="remedy">What to do: ${marked(remedy)}</p>` : ''}
  ${causes.length > 1 ? html`<p>What it may be, the likeliest first:</p><ol>${causes.map(({ explanation, likelihood }) => html`<li>${explanation} <small>(${likelihood})</small></li>`)}</ol>` : ''}
  ${trustPolicy ? html`<details open><summary>The trust policy that the role must have</summary><p>In the IAM console open the role, <em>Trust relationships</em>, <em>Edit trust policy</em>, and put this in the place of all that is there.</p><figure class="copy"><pre tabindex="0" aria-label="Trust policy"><code>${trustPolicy}</code></pre><button type="button" class="secondary outline" data-copy>Copy<span class="sr"> the trust policy</span></button></figure></details>` : ''}
  <p><small>Code: ${isErrorCode(code) ? html`<a href="/problems/${code}"><code>${code}</code></a>` : html`<code>${code}</code>`}</small></p>
</div>`;
}

/** What is between backticks is shown as code. */
export const marked = (text: string): Html =>
  html`${text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`))}`;
