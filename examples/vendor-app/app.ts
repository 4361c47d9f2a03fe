/**
 * Orbit, a made-up vendor. A tenant clicks "Connect AWS" and is led through Rolebridge's page; Orbit hears of the result by
 * webhook and then calls AWS in the tenant's account. A real one signs its users in and keeps `tenants` in its database.
 */
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { createRolebridgeClient, type RolebridgeClient } from '@rolebridge/client';
import express, { type Express, type Request } from 'express';
import { Webhook } from 'standardwebhooks';

export interface OrbitOptions {
  /** Where Rolebridge is. */
  readonly rolebridgeUrl: string;
  readonly operatorToken: string;
  /** One of ROLEBRIDGE_WEBHOOK_SECRETS. */
  readonly webhookSecret: string;
  /** The AWS sandbox's, for a trial. @default AWS's */
  readonly awsEndpoint?: string | undefined;
}

/** What Orbit keeps of a tenant: one Rolebridge organization, and what each project is connected to. */
interface Tenant {
  readonly rolebridge: RolebridgeClient;
  readonly projects: Map<string, { readonly connectionId: string; status: string }>;
}

export function createOrbit({
  rolebridgeUrl: url,
  operatorToken,
  webhookSecret,
  awsEndpoint,
}: OrbitOptions): Express {
  const operator = createRolebridgeClient({ url, apiKey: operatorToken });
  const tenants = new Map<string, Promise<Tenant>>();
  const webhook = new Webhook(webhookSecret);
  const app = express();

  /** The tenant's organization, created the first time. */
  function tenantOf(request: Request): Promise<Tenant> {
    const name = String(request.params.tenant);
    const known = tenants.get(name);
    if (known) return known;
    const created = operator.createOrganization({ name }).then(({ apiKey }) => ({
      rolebridge: createRolebridgeClient({ url, apiKey }),
      projects: new Map(),
    }));
    tenants.set(name, created);
    return created;
  }

  app.get('/:tenant', async (request, response) => {
    const { projects } = await tenantOf(request);
    const rows = [...projects].map(
      ([project, { status }]) =>
        `<li><a href="/${encodeURIComponent(request.params.tenant)}/${encodeURIComponent(project)}">${escaped(project)}</a>: ${escaped(status)}</li>`,
    );
    response.send(
      page(
        'AWS accounts',
        `<ul>${rows.join('')}</ul>
<form method="post"><label>Project <input name="project" required pattern="[A-Za-z0-9._\\-]{1,64}"></label>
<label>AWS account <input name="accountId" required pattern="[0-9]{12}"></label> <button>Connect AWS</button></form>`,
      ),
    );
  });

  app.post('/:tenant', express.urlencoded({ extended: false }), async (request, response) => {
    const { rolebridge, projects } = await tenantOf(request);
    const { project, accountId: expectedAccountId } = request.body as { project: string; accountId: string };
    const connection = await rolebridge.createConnection({
      name: project,
      scope: { project },
      expectedAccountId,
    });
    projects.set(project, { connectionId: connection.id, status: connection.status });
    // For one person, this connection and an hour; the page leads through the rest.
    const link = await rolebridge.createSignInLink({ connectionId: connection.id, expiresInSeconds: 3600 });
    response.redirect(303, link.url);
  });

  app.post('/hooks/rolebridge', express.text({ type: () => true }), async (request, response) => {
    const { data } = webhook.verify(request.body, request.headers as Record<string, string>) as {
      data: { connectionId: string; status: string };
    };
    for (const { projects } of await Promise.all(tenants.values()))
      for (const known of projects.values())
        if (known.connectionId === data.connectionId) known.status = data.status;
    response.status(204).end();
  });

  app.get('/:tenant/:project', async (request, response) => {
    const { rolebridge } = await tenantOf(request);
    // Short-lived credentials of whichever connection applies to the project; hand them straight to the AWS SDK.
    const issued = await rolebridge.issueCredentials({ project: request.params.project });
    const { accessKeyId, secretAccessKey, sessionToken, accountId } = issued;
    const credentials = { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
    const region = 'us-east-1';
    const sts = new STSClient({ region, credentials, ...(awsEndpoint && { endpoint: awsEndpoint }) });
    const { Arn = '' } = await sts.send(new GetCallerIdentityCommand({}));
    response.send(
      page(`AWS account ${accountId}`, `<p>Orbit works there as <code>${escaped(Arn)}</code>.</p>`),
    );
  });

  return app;
}

const page = (title: string, body: string) =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escaped(title)} · Orbit</title>
<body style="font:1rem/1.5 system-ui;max-width:40rem;margin:3rem auto"><h1>${escaped(title)}</h1>${body}</body></html>`;

const escaped = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
