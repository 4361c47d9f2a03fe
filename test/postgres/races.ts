/** Concurrent requests to two service processes on one database: one succeeds, and the other gets the conflict. */
import { callbackMessage, provisioned } from '../callback-message.js';
import type { ApiAnswer } from '../vendor.js';
import type { OrganizationOnDatabase, ServiceProcess, VendorOnDatabase } from './service-processes.js';

export interface Racers {
  readonly vendor: VendorOnDatabase;
  readonly one: ServiceProcess;
  readonly two: ServiceProcess;
}

/** Each plays one round, and throws when it did not come out as it must. */
export const races = { sameCallback, oneRole, oneScope, takenScope, oneVersion };
export type Race = keyof typeof races;

/** The same callback at both: each may verify, since a callback holds no lease; one commit, and the same answer. */
async function sameCallback({ vendor, one, two }: Racers): Promise<void> {
  const organization = await vendor.organization(one);
  const { connection, roleArn } = await pendingWithRole(vendor, organization, one);
  const message = callbackMessage(connection.callbackSecret, provisioned(connection.id, roleArn));
  const answers = await Promise.all([one, two, one, two].map((process) => callBack(process.url, message)));
  for (const answer of answers) expectStatus(answer, 200, 'the same callback');
  const [first] = answers;
  for (const { body } of answers) expectSame(body, first?.body, 'the answers to the same callback');
  const { body: audit } = await organization.call(
    two,
    'GET',
    `/v1/audit?connection=${connection.id}&limit=100`,
  );
  const effects = audit.records.filter(
    (record: { action: string; outcome?: string }) =>
      record.action === 'connection.verify' && record.outcome === 'succeeded',
  );
  expectSame(effects.length, 1, 'effects of one callback');
}

/** Two organizations' connections with one role: one gets it, and the other's stack gets the conflict without the holder. */
async function oneRole({ vendor, one, two }: Racers): Promise<void> {
  const pairs = await Promise.all(
    [one, two].map(async (process) => {
      const organization = await vendor.organization(process);
      return { process, organization, ...(await pending(organization, process)) };
    }),
  );
  const roleArn = roleTrusting(
    vendor,
    pairs.map(({ connection }) => connection.externalId),
  );
  const answers = await Promise.all(
    pairs.map(({ process, connection }) =>
      callBack(process.url, callbackMessage(connection.callbackSecret, provisioned(connection.id, roleArn))),
    ),
  );
  const refused = loserOf(answers, 409, 'role_already_connected', 'one role');
  const others = pairs.flatMap(({ organization, connection }, index) =>
    answers[index]?.status === 200 ? [organization.id, connection.id, connection.externalId] : [],
  );
  for (const secret of others)
    if (JSON.stringify(refused.body).includes(secret)) throw new Error(`The refusal names ${secret}.`);
}

/** Two connections of one organization with one scope, given by PUT …/scopes. */
async function oneScope({ vendor, one, two }: Racers): Promise<void> {
  const organization = await vendor.organization(one);
  const made = await Promise.all([one, two].map((process) => pending(organization, process)));
  const scopes = [{ project: 'shop', environment: 'production' }];
  const answers = await Promise.all(
    [one, two].map((process, index) =>
      organization.call(process, 'PUT', `/v1/connections/${made[index]?.connection.id}/scopes`, { scopes }),
    ),
  );
  const refused = loserOf(answers, 409, 'scope_taken', 'one scope');
  const winner = made[answers[0]?.status === 200 ? 0 : 1]?.connection.id;
  expectSame(refused.body.holders?.[0]?.connectionId, winner, 'the holder that the refusal names');
  await expectHolder(organization, [one, two], winner);
}

/** Two connections made with one scope. */
async function takenScope({ vendor, one, two }: Racers): Promise<void> {
  const organization = await vendor.organization(two);
  const scope = { project: 'shop', environment: 'production' };
  const answers = await Promise.all(
    [one, two].map((process) =>
      organization.call(process, 'POST', '/v1/connections', { name: 'shop', scope }),
    ),
  );
  const refused = loserOf(answers, 409, 'scope_taken', 'one scope', 201);
  const winner = answers.find(({ status }) => status === 201)?.body.id;
  expectSame(refused.body.holders?.[0]?.connectionId, winner, 'the holder that the refusal names');
  await expectHolder(organization, [one, two], winner);
}

/** Two changes of one connection: both are stored, one after the other, or the second gets the conflict. */
async function oneVersion({ vendor, one, two }: Racers): Promise<void> {
  const organization = await vendor.organization(one);
  const { connection } = await pending(organization, one);
  const path = `/v1/connections/${connection.id}`;
  const answers = await Promise.all([
    organization.call(one, 'PATCH', path, { name: 'from one' }),
    organization.call(two, 'PUT', `${path}/scopes`, { scopes: [{ project: 'blog' }] }),
  ]);
  for (const answer of answers)
    if (answer.status !== 200) expectProblem(answer, 409, 'connection_changed', 'two changes');
  const { body } = await organization.call(two, 'GET', path);
  if (answers[0]?.status === 200) expectSame(body.name, 'from one', 'the name that was acknowledged');
  if (answers[1]?.status === 200)
    expectSame(body.scopes, [{ project: 'blog' }], 'the scope that was acknowledged');
}

async function pending(organization: OrganizationOnDatabase, process: ServiceProcess) {
  const answer = await organization.call(process, 'POST', '/v1/connections', { name: 'customer' });
  expectStatus(answer, 201, 'a new connection');
  return { connection: answer.body };
}

async function pendingWithRole(
  vendor: VendorOnDatabase,
  organization: OrganizationOnDatabase,
  process: ServiceProcess,
) {
  const { connection } = await pending(organization, process);
  return { connection, roleArn: roleTrusting(vendor, [connection.externalId]) };
}

function roleTrusting({ sandbox, principal }: VendorOnDatabase, externalIds: string[]): string {
  const { accountId } = sandbox.createAccount();
  return sandbox.createRole(accountId, {
    roleName: 'rolebridge',
    trustPolicy: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: principal },
          Action: 'sts:AssumeRole',
          Condition: { StringEquals: { 'sts:ExternalId': externalIds } },
        },
      ],
    },
  }).arn;
}

async function callBack(url: string, message: ReturnType<typeof callbackMessage>): Promise<ApiAnswer> {
  const response = await fetch(`${url}/v1/callbacks`, { method: 'POST', ...message });
  return { status: response.status, body: JSON.parse(await response.text()), headers: response.headers };
}

async function expectHolder(
  organization: OrganizationOnDatabase,
  processes: readonly ServiceProcess[],
  winner: string | undefined,
): Promise<void> {
  for (const process of processes) {
    const { body } = await organization.call(
      process,
      'GET',
      '/v1/resolve?project=shop&environment=production',
    );
    expectSame(body.connection?.id, winner, 'the connection that the scope resolves to');
  }
}

function loserOf(answers: ApiAnswer[], status: number, code: string, what: string, won = 200): ApiAnswer {
  const [refused, ...more] = answers.filter((answer) => answer.status !== won);
  if (refused === undefined || more.length > 0)
    throw new Error(`${what}: not one of two has it, but ${answers.map((answer) => answer.status)}`);
  expectProblem(refused, status, code, what);
  return refused;
}

function expectProblem(answer: ApiAnswer, status: number, code: string, what: string): void {
  expectStatus(answer, status, what);
  expectSame(answer.body.code, code, `the code of the refusal of ${what}`);
}

function expectStatus(answer: ApiAnswer, status: number, what: string): void {
  if (answer.status !== status)
    throw new Error(`${what}: ${answer.status} instead of ${status}: ${JSON.stringify(answer.body)}`);
}

function expectSame(found: unknown, expected: unknown, what: string): void {
  if (JSON.stringify(found) !== JSON.stringify(expected))
    throw new Error(`${what}: ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`);
}
