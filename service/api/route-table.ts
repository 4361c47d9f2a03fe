import { invalidRequest } from '../domain/errors.js';
import type { Operation } from './operation.js';

/** The operations of one path. */
export interface Match {
  /** The operations by upper-case method. */
  readonly operations: Readonly<Record<string, Operation>>;
  readonly allow: string;
  /** The route in logs and metrics: `/v1/connections/:id`. */
  readonly route: string;
  /** @throws RolebridgeError `request_invalid` */
  params(): Record<string, string>;
}

interface Entry {
  readonly segments: readonly string[];
  readonly operations: Record<string, Operation>;
  allow: string;
  readonly route: string;
}

/** Finds the operations of a path. Paths are case-sensitive, and a trailing slash is significant. */
export function createRouteTable(table: Readonly<Record<string, Operation>>) {
  const byPath = new Map<string, Entry>();
  for (const operation of Object.values(table)) {
    const entry = byPath.get(operation.path) ?? {
      segments: operation.path.split('/'),
      operations: Object.create(null),
      allow: '',
      route: operation.path.replaceAll('{', ':').replaceAll('}', ''),
    };
    entry.operations[operation.method.toUpperCase()] = operation;
    entry.allow = Object.keys(entry.operations).join(', ');
    byPath.set(operation.path, entry);
  }
  const fixed = new Map([...byPath].filter(([path]) => !path.includes('{')));
  // Specific paths first: /v1/x/search before /v1/x/{id}.
  const patterns = [...byPath.values()]
    .filter(({ route }) => route.includes(':'))
    .sort((one, other) => count(one.route) - count(other.route));

  return {
    find(path: string): Match | undefined {
      const entry = fixed.get(path);
      if (entry) return { ...entry, params: () => ({}) };
      const segments = path.split('/', 12);
      const found = patterns.find((pattern) => matches(pattern.segments, segments));
      return found && { ...found, params: () => paramsOf(found.segments, segments) };
    },
  };
}

const count = (route: string) => route.split(':').length;

const matches = (pattern: readonly string[], segments: readonly string[]): boolean =>
  pattern.length === segments.length &&
  pattern.every((part, index) => (part.startsWith('{') ? segments[index] !== '' : part === segments[index]));

function paramsOf(pattern: readonly string[], segments: readonly string[]): Record<string, string> {
  try {
    return Object.fromEntries(
      pattern.flatMap((part, index) =>
        part.startsWith('{') ? [[part.slice(1, -1), decodeURIComponent(segments[index] ?? '')]] : [],
      ),
    );
  } catch {
    throw invalidRequest('path', 'has an invalid percent-encoding', 'Encode each part of the path as UTF-8.');
  }
}
