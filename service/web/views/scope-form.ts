import { html } from 'hono/html';
import type { Connection } from '../../domain/connection.js';
import { describeScope, type Scope } from '../../domain/scope.js';
import type { WebSession } from '../session.js';
import { csrfField, type Html } from './layout.js';

/** A scope that was asked for and that other connections hold. */
export interface TakenScope {
  readonly scope: Scope;
  readonly holders: readonly { readonly id: string; readonly name: string }[];
}

export interface ScopeForm {
  readonly session: WebSession;
  readonly connection: Connection;
  readonly action: string;
  readonly from: 'setup' | 'connection';
  /** In the place of all scopes, or beside them. */
  readonly mode: 'set' | 'add';
  readonly submit: string;
  readonly taken?: TakenScope | undefined;
}

const levels = [
  {
    id: 'organization',
    title: 'The organization’s default',
    sentence: 'Everything that no other connection holds.',
  },
  { id: 'project', title: 'A project', sentence: 'All of one project.' },
  { id: 'environment', title: 'An environment', sentence: 'Such as production, in one project.' },
  { id: 'architecture', title: 'An architecture', sentence: 'One part of one environment.' },
] as const;

export function scopeFormView(form: ScopeForm): Html {
  const chosen = form.taken?.scope ?? form.connection.scopes[0] ?? {};
  const level = chosen.architecture
    ? 'architecture'
    : chosen.environment
      ? 'environment'
      : chosen.project
        ? 'project'
        : 'organization';
  const field = (name: 'project' | 'environment' | 'architecture', title: string) =>
    html`<label data-level-field="${name}">${title}<input name="${name}" maxlength="64" value="${chosen[name] ?? ''}" spellcheck="false" autocapitalize="off"></label>`;
  return html`
${form.taken ? takenView(form, form.taken) : ''}
<form method="post" action="${form.action}" data-scope-form>
${csrfField(form.session)}<input type="hidden" name="from" value="${form.from}"><input type="hidden" name="mode" value="${form.mode}">
<fieldset><legend>Level</legend>
${levels.map(({ id, title, sentence }) => html`<label class="choice"><input type="radio" name="level" value="${id}"${id === level ? html` checked` : ''}><span><strong>${title}</strong> <small>${sentence}</small></span></label>`)}
</fieldset>
<div class="names">${field('project', 'Project')}${field('environment', 'Environment')}${field('architecture', 'Architecture')}</div>
<button type="submit" class="secondary">${form.submit}</button>
</form>`;
}

const takenView = (form: ScopeForm, { scope, holders }: TakenScope): Html => html`
<div class="notice problem" role="alert">
<p><strong>${describeScope(scope)}</strong> is held by ${holders.map(({ id, name }, index) => html`${index > 0 ? ', ' : ''}<a href="/connections/${id}">${name}</a>`)}. Replaced, that connection stays, but applies there no more.</p>
<form method="post" action="${form.action}">
${csrfField(form.session)}<input type="hidden" name="from" value="${form.from}"><input type="hidden" name="mode" value="${form.mode}"><input type="hidden" name="replace" value="yes">
<input type="hidden" name="level" value="${scope.architecture ? 'architecture' : scope.environment ? 'environment' : scope.project ? 'project' : 'organization'}">
<input type="hidden" name="project" value="${scope.project ?? ''}"><input type="hidden" name="environment" value="${scope.environment ?? ''}"><input type="hidden" name="architecture" value="${scope.architecture ?? ''}">
<button type="submit">Replace it</button>
</form></div>`;
