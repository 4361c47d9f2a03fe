/**
 * Orbit, a fictional vendor: "Connect AWS" opens Rolebridge's page inside Orbit's own, a webhook reports the result, and
 * Orbit calls AWS in the tenant's account. A real app signs its users in and keeps `connections` in its database.
 */
import { IAMClient, paginateListRoles } from '@aws-sdk/client-iam';
import { createRolebridgeClient, RolebridgeApiError, type RolebridgeClient } from '@rolebridge/client';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { Webhook } from 'standardwebhooks';
import { accountPage, connectPage, problemPage, tenantPage } from './pages.js';

export interface OrbitOptions {
  /** URL of the Rolebridge service. */
  readonly rolebridgeUrl: string;
  readonly operatorToken: string;
  /** One of ROLEBRIDGE_WEBHOOK_SECRETS. */
  readonly webhookSecret: string;
  /** Endpoint of the AWS sandbox, for a trial. @default AWS's */
  readonly awsEndpoint?: string | undefined;
}

/** A project's connection, as Orbit stores it: its id, and its status from the last webhook. */
interface ProjectConnection {
  readonly tenant: string;
  readonly project: string;
  readonly accountId: string;
  status: string;
}

export function createOrbit(options: OrbitOptions): Express {
  const { rolebridgeUrl: url, operatorToken, webhookSecret, awsEndpoint } = options;
  const operator = createRolebridgeClient({ url, apiKey: operatorToken });
  const organizations = new Set<string>();
  const connections = new Map<string, ProjectConnection>();
  const webhook = new Webhook(webhookSecret);
  const app = express();

  /** Each tenant has one Rolebridge organization, with Orbit's own id as its reference. Orbit keeps one secret for all. */
  async function rolebridgeFor(tenant: string): Promise<RolebridgeClient> {
    if (!organizations.has(tenant))
      await operator.createOrganization({ name: tenant, reference: tenant }).catch((error: unknown) => {
        // Created before Orbit restarted.
        if (!(error instanceof RolebridgeApiError && error.code === 'reference_taken')) throw error;
      });
    organizations.add(tenant);
    return createRolebridgeClient({ url, apiKey: operatorToken, organization: tenant });
  }

  /** For one person, one browser and this connection. Rolebridge's page leads through the setup inside of Orbit's page. */
  async function setupPage(rolebridge: RolebridgeClient, connectionId: string): Promise<string> {
    const { tenant = '', project = '' } = connections.get(connectionId) ?? {};
    const link = await rolebridge.createSignInLink({ connectionId, user: { name: `a user of ${tenant}` } });
    return connectPage(tenant, project, { script: `${url}/connect.js`, link: link.url });
  }

  app.get('/:tenant', ({ params: { tenant } }, response) => {
    const its = [...connections.values()].filter((connection) => connection.tenant === tenant);
    response.send(tenantPage(tenant, its));
  });

  app.post('/:tenant', express.urlencoded({ extended: false }), async (request, response) => {
    const { tenant } = request.params as { tenant: string };
    const { project, accountId } = request.body as { project: string; accountId: string };
    const rolebridge = await rolebridgeFor(tenant);
    const { id, status } = await rolebridge.createConnection({
      name: project,
      scope: { project },
      expectedAccountId: accountId,
    });
    connections.set(id, { tenant, project, accountId, status });
    response.send(await setupPage(rolebridge, id));
  });

  app.post('/hooks/rolebridge', express.text({ type: () => true }), (request, response) => {
    const headers = request.headers as Record<string, string>;
    const { data } = webhook.verify(request.body, headers) as {
      data: { connectionId: string; status: string };
    };
    const known = connections.get(data.connectionId);
    if (known) known.status = data.status;
    response.status(204).end();
  });

  app.get('/:tenant/:project', async ({ params: { tenant, project } }, response) => {
    const rolebridge = await rolebridgeFor(tenant);
    // Short-lived credentials of the connection that applies to this project, for any AWS SDK client.
    const issued = await rolebridge.issueCredentials({ project }).catch((error: unknown) => {
      if (error instanceof RolebridgeApiError && error.code === 'connection_not_healthy') return undefined;
      throw error;
    });
    const [id = ''] =
      [...connections].find(([, one]) => one.tenant === tenant && one.project === project) ?? [];
    // Pending or failed: the page shows what to do.
    if (issued === undefined) return response.send(await setupPage(rolebridge, id));
    const { accountId, accessKeyId, secretAccessKey, sessionToken = '' } = issued;
    const credentials = { accessKeyId, secretAccessKey, sessionToken };
    const iam = new IAMClient({
      region: 'us-east-1',
      credentials,
      ...(awsEndpoint && { endpoint: awsEndpoint }),
    });
    const roles: string[] = [];
    for await (const page of paginateListRoles({ client: iam }, {}))
      roles.push(...(page.Roles ?? []).map(({ Arn = '' }) => Arn));
    return response.send(accountPage(tenant, project, accountId, roles));
  });

  /** Rolebridge's `detail` and `remedy` address the user: show them. */
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    const { status, code, detail, remedy } =
      error instanceof RolebridgeApiError
        ? error
        : { status: 400, code: 'error', detail: 'Orbit could not do this.', remedy: 'Try again.' };
    response.status(status).send(problemPage(code, detail, remedy));
  });

  return app;
}
