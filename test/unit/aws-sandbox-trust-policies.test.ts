import { readFileSync } from 'node:fs';
import path from 'node:path';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { type AccessKey, type AwsSandbox, startAwsSandbox } from '../aws-sandbox/index.js';

interface Case {
  id: number;
  group: string;
  name: string;
  caller: 'user' | 'role';
  policy: object;
  allows?: { right: boolean; none: boolean; wrong: boolean };
  valid?: false;
  unsure?: true;
}

const { policies, values } = JSON.parse(
  readFileSync(path.join(__dirname, '../cases/trust-policies.json'), 'utf8'),
) as { policies: Case[]; values: Record<string, string> };

let aws: AwsSandbox;
let user: STSClient;
let role: STSClient;

beforeAll(async () => {
  aws = await startAwsSandbox();
  const vendor = String(values.vendorAccount);
  aws.createAccount({ accountId: vendor });
  aws.createAccount({ accountId: String(values.customerAccount) });
  const worker = aws.createRole(vendor, {
    roleName: 'worker',
    trustPolicy: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: vendor }, Action: 'sts:AssumeRole' }],
    },
  });
  user = client(aws.createAccessKey(vendor, 'rolebridge'));
  role = client(aws.createRoleSession(worker.arn, { sessionName: 'worker' }));
});

afterAll(() => aws.close());

const client = (credentials: AccessKey) =>
  new STSClient({ endpoint: aws.url, region: 'us-east-1', credentials, maxAttempts: 1 });

const externalIds = { right: values.externalId, none: undefined, wrong: values.wrongExternalId };

test.each(policies.filter(({ unsure }) => !unsure).map((row) => [row.id, row.name, row] as const))(
  '%i %s',
  async (id, _, row) => {
    const create = () =>
      aws.createRole(String(values.customerAccount), { roleName: `role-${id}`, trustPolicy: row.policy });
    if (row.valid === false) {
      expect(create).toThrow(expect.objectContaining({ code: 'MalformedPolicyDocument' }));
      return;
    }
    const { arn } = create();
    const answers: Record<string, string> = {};
    for (const [name, ExternalId] of Object.entries(externalIds)) {
      answers[name] = await (row.caller === 'user' ? user : role)
        .send(new AssumeRoleCommand({ RoleArn: arn, RoleSessionName: 'probe', ExternalId }))
        .then(
          () => 'allowed',
          (error: Error) => error.name,
        );
    }
    const expected = Object.entries(row.allows ?? {}).map(([name, allows]) => [
      name,
      allows ? 'allowed' : 'AccessDenied',
    ]);
    expect(answers).toEqual(Object.fromEntries(expected));
  },
);

test('covers all rows of the reference', () => {
  expect(policies).toHaveLength(230);
});
