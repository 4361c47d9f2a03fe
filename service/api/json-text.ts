import type { Connection } from '../domain/connection.js';
import type { Scope } from '../domain/scope.js';
import { connectionSummary } from './views.js';

/**
 * The JSON text of such a value. Deployed jobs ask for the same connections all day long: the text of each is kept, and
 * an answer is joined from texts.
 */
export class JsonText<Value> {
  declare readonly type: Value;

  constructor(readonly text: string) {}
}

const summaries = new WeakMap<Connection, string>();

/** The JSON of a connection's summary. A stored connection is read-only: a change makes another one. */
export function summaryText(connection: Connection): string {
  let text = summaries.get(connection);
  if (text === undefined) {
    text = JSON.stringify(connectionSummary(connection));
    summaries.set(connection, text);
  }
  return text;
}

/** The JSON of a scope whose names were checked: they have nothing to escape. */
export function scopeText({ project, environment, architecture }: Scope): string {
  if (project === undefined) return '{}';
  if (environment === undefined) return `{"project":"${project}"}`;
  return architecture === undefined
    ? `{"project":"${project}","environment":"${environment}"}`
    : `{"project":"${project}","environment":"${environment}","architecture":"${architecture}"}`;
}
