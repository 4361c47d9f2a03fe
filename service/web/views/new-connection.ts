import { html } from 'hono/html';
import type { WebSession } from '../session.js';
import { csrfField, type Html } from './layout.js';

export interface NewConnection {
  readonly session: WebSession;
  /** The partitions that the vendor has a principal in. */
  readonly partitions: readonly string[];
  /** Why there are no access keys here; undefined when there are. */
  readonly accessKeysRefused: string | undefined;
}

export const newConnectionView = (options: NewConnection): Html => html`
<nav aria-label="Breadcrumb" class="crumbs"><a href="/connections">Connections</a></nav>
<h1>New connection</h1>
<p>How should the platform get into your AWS account?</p>
<div class="cards">
  <article class="card recommended">
    <h2>Assume role</h2>
    <p class="badge connected">Recommended</p>
    <p>You make a role in your account that the platform may use. <strong>No secret is shared</strong>, and you can take it away at any time.</p>
    <form method="post" action="/connections/new/role">
      ${csrfField(options.session)}
      ${partitionField(options.partitions)}
      <button type="submit">Begin with a role</button>
    </form>
  </article>
  <article class="card">
    <h2>Access key and secret</h2>
    <p>You give a key of an IAM user. It works without a role, but it is a secret that has to be kept, and it does not end by itself.</p>
    ${
      options.accessKeysRefused
        ? html`<p class="refused">${options.accessKeysRefused}</p>`
        : html`<a role="button" class="secondary" href="/connections/new/access-key">Use an access key</a>`
    }
  </article>
</div>`;

const partitionNames: Record<string, string> = {
  aws: 'AWS (commercial regions)',
  'aws-us-gov': 'AWS GovCloud (US)',
  'aws-cn': 'AWS China',
  'aws-eusc': 'AWS European Sovereign Cloud',
};

export const partitionName = (partition: string): string => partitionNames[partition] ?? partition;

/** One partition is no choice. */
export const partitionField = (partitions: readonly string[], chosen = partitions[0]): Html =>
  partitions.length === 1
    ? html`<input type="hidden" name="partition" value="${partitions[0]}">`
    : html`<label>Where is your account?<select name="partition">${partitions.map((partition) => html`<option value="${partition}"${partition === chosen ? html` selected` : ''}>${partitionName(partition)}</option>`)}</select><small>The partition that your account is in: another one can’t be chosen later.</small></label>`;

export interface AccessKeyForm {
  readonly session: WebSession;
  readonly partitions: readonly string[];
  readonly action: string;
  readonly submit: string;
  /** What was given before and is no secret. */
  readonly values?:
    | { readonly name?: string | undefined; readonly partition?: string | undefined }
    | undefined;
  readonly problem?: Html | undefined;
  /** A new connection has a name; one that gets another key has one already. */
  readonly asksName: boolean;
}

export const accessKeyFormView = (form: AccessKeyForm): Html => html`
${form.problem ?? ''}
<details class="help"><summary>How do I make an access key?</summary>
<ol>
<li>In the AWS console open <strong>IAM</strong>, then <strong>Users</strong>, and choose or make a user for this platform alone.</li>
<li>Give the user the permissions that the platform needs and no more.</li>
<li>Open the user, <strong>Security credentials</strong>, <strong>Create access key</strong>, “Third-party service”.</li>
<li>Copy both parts into the fields below. AWS shows the secret once.</li>
</ol>
<p>Never use a key of the root user: it is refused here.</p></details>
<form method="post" action="${form.action}" autocomplete="off">
  ${csrfField(form.session)}
  ${form.asksName ? html`<label>Name<input name="name" required maxlength="100" value="${form.values?.name ?? ''}"><small>How you will recognize this account, such as “production”.</small></label>` : ''}
  ${form.asksName ? partitionField(form.partitions, form.values?.partition) : ''}
  <label>Access key id<input name="accessKeyId" required autocomplete="off" spellcheck="false" autocapitalize="off" placeholder="AKIA…"></label>
  <label>Secret access key<input name="secretAccessKey" type="password" required autocomplete="off"></label>
  <label>Session token <small>(only for temporary keys, which begin with ASIA)</small><input name="sessionToken" type="password" autocomplete="off"></label>
  <button type="submit" data-busy="Checking with AWS…">${form.submit}</button>
</form>`;

export const accessKeyPageView = (form: AccessKeyForm): Html => html`
<nav aria-label="Breadcrumb" class="crumbs"><a href="/connections">Connections</a> <a href="/connections/new">New connection</a></nav>
<h1>Access key and secret</h1>
<p>The key is checked with AWS before anything is stored. It is encrypted, and never shown again.</p>
${accessKeyFormView(form)}`;
