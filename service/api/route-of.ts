import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * The route that a request went to, such as `/v1/connections/:id`, or `none`: the same few names however many paths
 * are requested, and never an id or a token.
 */
export function routeOf(request: Routed, response: Located): string {
  const known = response.locals?.route;
  if (known !== undefined) return known;
  const { route, baseUrl = '' } = request;
  return typeof route?.path === 'string' ? `${baseUrl}${route.path}` : 'none';
}

/** Members that Express adds to a request. */
interface Routed extends IncomingMessage {
  route?: { path?: unknown };
  baseUrl?: string;
}

/** The route data of a request, in the operations' table and in Express. */
interface Located extends ServerResponse {
  locals?: { route?: string };
}
