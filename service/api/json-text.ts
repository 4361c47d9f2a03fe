import type { Connection } from '../domain/connection.js';
import type { Scope } from '../domain/scope.js';
import { connectionSummary } from './views.js';

/**
 * A value as JSON text. Deployed jobs resolve the same connections all day: their texts are cached, and an answer is joined
 * from them.
 */
export class JsonText<Value> {
  declare readonly type: Value;

  constructor(readonly text: string) {}
}

const summaries = new WeakMap<Connection, string>();

/** The JSON text of a connection summary. Stored connections are immutable, so that the cache can't be stale. */
export function summaryText(connection: Connection): string {
  let text = summaries.get(connection);
  if (text === undefined) {
    text = JSON.stringify(connectionSummary(connection));
    summaries.set(connection, text);
  }
  return text;
}

/** The JSON text of a validated scope, whose names need no escaping. */
export function scopeText({ project, environment, architecture }: Scope): string {
  if (project === undefined) return '{}';
  if (environment === undefined) return `{"project":"${project}"}`;
  return architecture === undefined
    ? `{"project":"${project}","environment":"${environment}"}`
    : `{"project":"${project}","environment":"${environment}","architecture":"${architecture}"}`;
}
