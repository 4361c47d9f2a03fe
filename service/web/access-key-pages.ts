import type { Response, Router } from 'express';
import { html } from 'hono/html';
import { migrateToRole, rotateAccessKey } from '../actions/change-access-key.js';
import { createAccessKeyConnection } from '../actions/create-access-key-connection.js';
import { accessKeyIn, rotateAccessKeyRequest } from '../api/access-key-schema.js';
import { createAccessKeyConnectionRequest, parse } from '../api/schemas.js';
import { RolebridgeError } from '../domain/errors.js';
import type { Partition } from '../domain/role-arn.js';
import type { Check } from '../domain/verification.js';
import { accessKeysRefused } from './list-pages.js';
import { byOf, connectionIn, expected, field, type Site, sendPage, sessionOf } from './site.js';
import { type AccessKeyForm, accessKeyFormView, accessKeyPageView } from './views/new-connection.js';
import { refusalView } from './views/status.js';

/** The other way in: a new connection with an access key, another key, the move to a role. */
export function addAccessKeyPages(pages: Router, site: Site): void {
  const { deps } = site;
  const formOf = (
    response: Response,
    values?: AccessKeyForm['values'],
    error?: RolebridgeError,
  ): AccessKeyForm => ({
    session: sessionOf(response),
    partitions: [...deps.principals.keys()],
    action: '/connections/new/access-key',
    submit: 'Check and connect',
    asksName: true,
    values,
    problem: error && refusalOf(error),
  });
  const requireAccessKeysHere = () => {
    const refused = accessKeysRefused(site);
    if (refused)
      throw new RolebridgeError('access_key_turned_off', refused, {
        remedy: 'Begin a new connection with a role.',
      });
  };
  /** Of the fields that are secret, nothing comes back. */
  const keyIn = (request: Parameters<typeof field>[0]) => ({
    accessKeyId: field(request, 'accessKeyId'),
    secretAccessKey: field(request, 'secretAccessKey'),
    ...(field(request, 'sessionToken') !== '' && { sessionToken: field(request, 'sessionToken') }),
  });

  pages.get('/connections/new/access-key', (_request, response) => {
    requireAccessKeysHere();
    return sendPage(site, response, 'Access key', accessKeyPageView(formOf(response)));
  });

  pages.post('/connections/new/access-key', async (request, response) => {
    requireAccessKeysHere();
    const values = { name: field(request, 'name'), partition: field(request, 'partition') };
    try {
      const body = parse(
        createAccessKeyConnectionRequest,
        { method: 'access_key', ...values, ...keyIn(request) },
        'body',
      );
      const connection = await createAccessKeyConnection(
        deps,
        byOf(response),
        sessionOf(response).organizationId,
        { ...body, ...accessKeyIn(body), partition: body.partition as Partition },
      );
      return response.redirect(303, `/connections/${connection.id}/setup?done=connected#scope`);
    } catch (error) {
      const view = accessKeyPageView(formOf(response, values, expected(error)));
      return sendPage(site, response, 'Access key', view, { status: 422 });
    }
  });

  pages.get('/connections/:id/access-key', async (request, response) =>
    rotationPage(response, await connectionIn(site, request, response)),
  );

  pages.post('/connections/:id/access-key', async (request, response) => {
    const connection = await connectionIn(site, request, response);
    try {
      const body = parse(rotateAccessKeyRequest, keyIn(request), 'body');
      await rotateAccessKey(deps, byOf(response), connection, accessKeyIn(body));
    } catch (error) {
      return rotationPage(response, connection, expected(error));
    }
    return response.redirect(303, `/connections/${connection.id}?done=rotated`);
  });

  pages.post('/connections/:id/migrate-to-role', async (request, response) => {
    const connection = await connectionIn(site, request, response);
    await migrateToRole(deps, byOf(response), connection);
    response.redirect(303, `/connections/${connection.id}/setup?done=moving`);
  });

  function rotationPage(
    response: Response,
    connection: { id: string; name: string },
    error?: RolebridgeError,
  ) {
    const form = accessKeyFormView({
      ...formOf(response, undefined, error),
      action: `/connections/${connection.id}/access-key`,
      submit: 'Check and exchange',
      asksName: false,
    });
    const view = html`<nav aria-label="Breadcrumb" class="crumbs"><a href="/connections">Connections</a> <a href="/connections/${connection.id}">${connection.name}</a></nav>
<h1>Exchange the access key</h1><p>The new key must be of the same account. It is checked with AWS first; a refused one changes nothing.</p>${form}`;
    return sendPage(site, response, 'Exchange the access key', view, { status: error ? 422 : 200 });
  }
}

/** An error of an action, as it is shown beside a form. */
export function refusalOf(error: RolebridgeError) {
  const { checks, diagnosis, trustPolicy } = error.members as {
    checks?: Check[];
    diagnosis?: { causes: { explanation: string; likelihood: string }[] };
    trustPolicy?: string;
  };
  return refusalView({
    message: plain(error),
    remedy: error.remedy,
    code: error.code,
    causes: diagnosis?.causes,
    trustPolicy,
    checks,
  });
}

const fieldNames: Record<string, string> = {
  accessKeyId: 'Access key id',
  secretAccessKey: 'Secret access key',
  sessionToken: 'Session token',
  name: 'Name',
  roleArn: 'Role ARN',
};

/** A request's "body.name: …" in the words of the form. */
function plain({ detail, members }: RolebridgeError): string {
  const { errors } = members as { errors?: { at: string; message: string }[] };
  if (!errors) return detail;
  return errors
    .map(({ at, message }) => `${fieldNames[at.split('.').at(-1) ?? ''] ?? at}: ${message}`)
    .join('; ');
}
