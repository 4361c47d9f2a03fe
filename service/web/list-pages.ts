import type { Router } from 'express';
import { createConnection } from '../actions/create-connection.js';
import type { Connection } from '../domain/connection.js';
import { RolebridgeError } from '../domain/errors.js';
import { type ConnectionId, isConnectionId, type OrganizationId } from '../domain/ids.js';
import type { Store } from '../domain/ports.js';
import type { Partition } from '../domain/role-arn.js';
import { byOf, field, noticeOf, type Site, sendPage, sessionOf } from './site.js';
import { connectionsView, pageSize } from './views/connections.js';
import { newConnectionView } from './views/new-connection.js';
import { defaultName } from './views/setup.js';
import { accountOf } from './views/status.js';

/** The list, and the beginning of a new connection. */
export function addListPages(pages: Router, site: Site): void {
  const { deps } = site;

  pages.get('/connections', async (request, response) => {
    const { organizationId } = sessionOf(response);
    const { q, after } = request.query;
    const search = typeof q === 'string' ? q.trim().slice(0, 100) : '';
    const from = typeof after === 'string' && isConnectionId(after) ? after : undefined;
    const found = await searchConnections(deps.store, organizationId, search, from);
    const last = found.connections.at(-1);
    const address = (parameters: Record<string, string>) =>
      `/connections?${new URLSearchParams({ ...(search && { q: search }), ...parameters })}`;
    const list = {
      ...found,
      search,
      isLong: found.hasMore || search !== '' || from !== undefined || found.connections.length >= pageSize,
      firstPage: from === undefined ? undefined : address({}),
      nextPage: found.hasMore && last ? address({ after: last.id }) : undefined,
    };
    return sendPage(site, response, 'Connections', connectionsView(list), { notice: noticeOf(request) });
  });

  pages.get('/connections/new', (_request, response) =>
    sendPage(
      site,
      response,
      'New connection',
      newConnectionView({
        session: sessionOf(response),
        partitions: [...deps.principals.keys()],
        accessKeysRefused: accessKeysRefused(site),
      }),
    ),
  );

  pages.post('/connections/new/role', async (request, response) => {
    const partition = field(request, 'partition');
    if (!deps.principals.has(partition as Partition))
      throw new RolebridgeError(
        'partition_not_supported',
        'The platform has no principal in this partition.',
        {
          remedy: 'Go back and choose one of those that are offered.',
        },
      );
    const { connection } = await createConnection(deps, byOf(response), sessionOf(response).organizationId, {
      name: defaultName,
      partition: partition as Partition,
    });
    response.redirect(303, `/connections/${connection.id}/setup`);
  });
}

/** Why this service takes no access keys, and what to do instead. */
export function accessKeysRefused({ deps }: Site): string | undefined {
  if (!deps.takesAccessKeys) return 'This platform takes no access keys. Connect with a role instead.';
  if (deps.accessKeyEncryption === undefined)
    return 'This platform is not set up to keep access keys. Connect with a role instead.';
  return undefined;
}

/** A page of those whose name, account or id holds the text. */
async function searchConnections(
  store: Store,
  organizationId: OrganizationId,
  search: string,
  from: ConnectionId | undefined,
): Promise<{ connections: Connection[]; hasMore: boolean }> {
  if (search === '') return store.connections(organizationId, { limit: pageSize, after: from });
  const wanted = search.toLowerCase();
  const connections: Connection[] = [];
  let after = from;
  for (;;) {
    const page = await store.connections(organizationId, { limit: 500, after });
    for (const connection of page.connections) {
      const texts = [connection.name.toLowerCase(), accountOf(connection), connection.id];
      if (!texts.some((text) => text.includes(wanted))) continue;
      if (connections.length === pageSize) return { connections, hasMore: true };
      connections.push(connection);
    }
    after = page.connections.at(-1)?.id;
    if (!page.hasMore) return { connections, hasMore: false };
  }
}
