import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AwsSandbox, type SandboxAccount, startAwsSandbox } from '../aws-sandbox/index.js';
import { type CommandResult, findCommand, findTerraform, notChecked, runCommand } from './tools.js';

let aws: AwsSandbox;
let customer: SandboxAccount;
let folder: string;

beforeEach(async () => {
  aws = await startAwsSandbox();
  customer = aws.createAccount({ alias: 'acme' });
  folder = mkdtempSync(join(tmpdir(), 'aws-sandbox-'));
});

afterEach(async () => {
  await aws.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Nothing of the machine's own AWS configuration may leak in, least of all credentials. */
function awsEnvironment(key: { accessKeyId: string; secretAccessKey: string; sessionToken?: string }) {
  return {
    AWS_ACCESS_KEY_ID: key.accessKeyId,
    AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
    AWS_SESSION_TOKEN: key.sessionToken,
    AWS_ENDPOINT_URL: aws.url,
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_PROFILE: undefined,
    AWS_CONFIG_FILE: join(folder, 'no-config'),
    AWS_SHARED_CREDENTIALS_FILE: join(folder, 'no-credentials'),
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PAGER: '',
    AWS_MAX_ATTEMPTS: '1',
    NO_PROXY: '127.0.0.1',
    no_proxy: '127.0.0.1',
  };
}

describe('the AWS CLI', () => {
  const cli = findCommand('aws');
  if (!cli) {
    it('is not installed', () => notChecked('the AWS CLI against the sandbox'));
    return;
  }

  const run = async (key: Parameters<typeof awsEnvironment>[0], ...args: string[]) => {
    const result = await runCommand(cli, [...args, '--output', 'json'], { env: awsEnvironment(key) });
    return { ...result, json: result.stdout.trim() ? JSON.parse(result.stdout) : result };
  };

  it('creates a role, gives it permissions, assumes it with the external ID, and deletes it', async () => {
    const vendor = aws.createAccount();
    const trustPolicy = {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: vendor.admin.arn },
          Action: 'sts:AssumeRole',
          Condition: { StringEquals: { 'sts:ExternalId': 'shop/1' } },
        },
      ],
    };
    const policyArn = 'arn:aws:iam::aws:policy/job-function/ViewOnlyAccess';
    const inCustomer = (...args: string[]) => run(customer.admin, ...args);
    const assume = (...more: string[]) =>
      run(vendor.admin, 'sts', 'assume-role', '--role-arn', roleArn, '--role-session-name', 'cli', ...more);

    const created = await inCustomer(
      ...['iam', 'create-role', '--role-name', 'rolebridge', '--path', '/vendor/'],
      ...['--assume-role-policy-document', JSON.stringify(trustPolicy), '--tags', 'Key=team,Value=a@b / c'],
    );
    const roleArn: string = created.json.Role.Arn;
    expect(roleArn).toBe(`arn:aws:iam::${customer.accountId}:role/vendor/rolebridge`);
    expect(created.json.Role.AssumeRolePolicyDocument).toEqual(trustPolicy);
    await inCustomer('iam', 'attach-role-policy', '--role-name', 'rolebridge', '--policy-arn', policyArn);
    const attached = await inCustomer('iam', 'list-attached-role-policies', '--role-name', 'rolebridge');
    expect(attached.json.AttachedPolicies).toEqual([{ PolicyName: 'ViewOnlyAccess', PolicyArn: policyArn }]);

    const denied = await assume();
    expect(denied.code).not.toBe(0);
    expect(denied.stderr).toContain(
      `An error occurred (AccessDenied) when calling the AssumeRole operation: User: ${vendor.admin.arn} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`,
    );

    const assumed = await assume('--external-id', 'shop/1');
    const { AccessKeyId, SecretAccessKey, SessionToken } = assumed.json.Credentials;
    const session = {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
    };
    const identity = await run(session, 'sts', 'get-caller-identity');
    expect(identity.json).toMatchObject({
      Account: customer.accountId,
      Arn: `arn:aws:sts::${customer.accountId}:assumed-role/rolebridge/cli`,
    });

    const tooEarly = await inCustomer('iam', 'delete-role', '--role-name', 'rolebridge');
    expect(tooEarly.stderr).toContain('DeleteConflict');
    await inCustomer('iam', 'detach-role-policy', '--role-name', 'rolebridge', '--policy-arn', policyArn);
    expect(await inCustomer('iam', 'delete-role', '--role-name', 'rolebridge')).toMatchObject({ code: 0 });
    const gone = await inCustomer('iam', 'get-role', '--role-name', 'rolebridge');
    expect(gone.stderr).toContain('(NoSuchEntity)');
  });

  it('pages through roles and waits for one', async () => {
    const trustPolicy = trustIn(customer.accountId);
    for (const n of [1, 2, 3, 4, 5]) {
      aws.createRole(customer.accountId, { roleName: `role-${n}`, trustPolicy });
    }
    const listed = await run(customer.admin, 'iam', 'list-roles', '--page-size', '2');
    expect(listed.json.Roles.map((role: { RoleName: string }) => role.RoleName)).toEqual(
      [1, 2, 3, 4, 5].map((n) => `role-${n}`),
    );
    const waited = await run(customer.admin, 'iam', 'wait', 'role-exists', '--role-name', 'role-5');
    expect(waited.code).toBe(0);
    const aliases = await run(customer.admin, 'iam', 'list-account-aliases');
    expect(aliases.json.AccountAliases).toEqual(['acme']);
  });
});

describe("Terraform's AWS provider", () => {
  const terraform = findTerraform();
  if (!terraform) {
    it('is not installed', () => notChecked('Terraform against the sandbox'));
    return;
  }

  const run = (...args: string[]): Promise<CommandResult> =>
    runCommand(terraform.binary, [...args, '-no-color'], {
      cwd: folder,
      env: { ...terraform.env, ...awsEnvironment(customer.admin) },
    });
  const mustRun = async (...args: string[]) => {
    const result = await run(...args);
    if (result.code !== 0) throw new Error(`terraform ${args.join(' ')}\n${result.stdout}${result.stderr}`);
    return result;
  };
  const write = (settings: StackSettings) =>
    writeFileSync(join(folder, 'main.tf.json'), JSON.stringify(stack(aws.url, settings)));

  it('applies, plans nothing more, changes in place and destroys', async () => {
    write({ maxSessionDuration: 7200, externalId: 'shop-1', team: 'one', action: 's3:ListBucket' });
    const init = await run('init', '-input=false');
    if (init.code !== 0) {
      if (terraform.cliConfig) throw new Error(init.stdout + init.stderr);
      notChecked("Terraform's AWS provider: no mirror was found and the registry can't be reached");
      return;
    }

    await mustRun('apply', '-auto-approve', '-input=false');
    expect((await run('plan', '-detailed-exitcode', '-input=false')).code).toBe(0);
    const before = aws.requests.length;

    write({ maxSessionDuration: 3600, externalId: 'shop-2', team: 'two', action: 's3:GetObject' });
    const change = await mustRun('apply', '-auto-approve', '-input=false');
    expect(change.stdout).toContain('0 added, 3 changed, 0 destroyed');
    expect(aws.requests.slice(before).map((request) => request.action)).toEqual(
      expect.arrayContaining([
        'UpdateAssumeRolePolicy',
        'UpdateRole',
        'TagRole',
        'CreatePolicyVersion',
        'PutRolePolicy',
      ]),
    );
    expect((await run('plan', '-detailed-exitcode', '-input=false')).code).toBe(0);

    await mustRun('destroy', '-auto-approve', '-input=false');
    expect(aws.requests.filter(({ outcome }) => !['ok', 'NoSuchEntity'].includes(outcome))).toEqual([]);
    expect(aws.requests.map((request) => request.action)).toEqual(
      expect.arrayContaining(['DeleteRole', 'DeletePolicy', 'DeleteRolePolicy', 'DetachRolePolicy']),
    );
    const again = aws.createRole(customer.accountId, {
      roleName: 'rolebridge',
      path: '/vendor/',
      trustPolicy: trustIn(customer.accountId),
    });
    expect(again.arn).toContain('role/vendor/rolebridge');
  });
});

interface StackSettings {
  maxSessionDuration: number;
  externalId: string;
  team: string;
  action: string;
}

function trustIn(accountId: string, condition?: object) {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${accountId}:root` },
        Action: 'sts:AssumeRole',
        ...(condition && { Condition: condition }),
      },
    ],
  };
}

function stack(endpoint: string, settings: StackSettings) {
  const statement = (action: string) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: [action], Resource: '*' }],
    });
  return {
    terraform: { required_providers: { aws: { source: 'hashicorp/aws' } } },
    provider: {
      aws: {
        region: 'us-east-1',
        skip_metadata_api_check: true,
        endpoints: [{ iam: endpoint, sts: endpoint }],
      },
    },
    resource: {
      aws_iam_role: {
        role: {
          name: 'rolebridge',
          path: '/vendor/',
          description: "The vendor's way in",
          max_session_duration: settings.maxSessionDuration,
          permissions_boundary: '${aws_iam_policy.boundary.arn}',
          assume_role_policy: JSON.stringify(
            trustIn('999988887777', { StringEquals: { 'sts:ExternalId': settings.externalId } }),
          ),
          tags: { team: settings.team, kept: 'yes' },
        },
      },
      aws_iam_role_policy: {
        inline: { name: 'inline', role: '${aws_iam_role.role.name}', policy: statement(settings.action) },
      },
      aws_iam_policy: {
        boundary: { name: 'boundary', policy: statement('*') },
        own: { name: 'own', path: '/vendor/', policy: statement(settings.action), tags: { kept: 'yes' } },
      },
      aws_iam_role_policy_attachment: {
        own: { role: '${aws_iam_role.role.name}', policy_arn: '${aws_iam_policy.own.arn}' },
        aws: { role: '${aws_iam_role.role.name}', policy_arn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' },
      },
    },
    data: {
      aws_caller_identity: { me: {} },
      aws_partition: { here: {} },
      aws_iam_policy: { audit: { arn: 'arn:aws:iam::aws:policy/SecurityAudit' } },
    },
    output: { account: { value: '${data.aws_caller_identity.me.account_id}' } },
  };
}
