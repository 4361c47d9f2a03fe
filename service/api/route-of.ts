import type { IncomingMessage } from 'node:http';

/**
 * The route that a request went to, such as `/v1/connections/:id`, or `none`: the same few names however many paths
 * are asked for, and never an id or a token.
 */
export function routeOf(request: IncomingMessage): string {
  const { route, baseUrl = '', routedUnder = '' } = request as Routed;
  return typeof route?.path === 'string' ? `${baseUrl || routedUnder}${route.path}` : 'none';
}

/** A router forgets under which path it is mounted when it passes an error on. */
export function rememberMount(request: IncomingMessage): void {
  (request as Routed).routedUnder = (request as Routed).baseUrl ?? '';
}

/** What Express adds to a request, and where it is kept. */
interface Routed extends IncomingMessage {
  route?: { path?: unknown };
  baseUrl?: string;
  routedUnder?: string;
}
