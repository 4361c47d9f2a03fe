import { spawnSync } from 'node:child_process';
import { IamPolicy } from '@cdktf/provider-aws/lib/iam-policy/index.js';
import { AwsProvider } from '@cdktf/provider-aws/lib/provider/index.js';
import {
  AwsConnection,
  ConnectionCallback,
  CrossAccountRole,
  type PermissionPreset,
  type RoleWarning,
} from '@rolebridge/constructs';
import { type TerraformStack, TerraformVariable } from 'cdktf';
import {
  callbackOf,
  only,
  roleAddresses,
  synthesize,
  type TerraformJson,
  validProps,
} from '../constructs/synthesized.js';

const connect = (stack: TerraformStack, props: Partial<typeof validProps> = {}) =>
  new AwsConnection(stack, 'vendor', { ...validProps, ...props });

const SCRIPT = /^assets\/rolebridge-callback\/[0-9A-F]+\/rolebridge-callback\.cjs$/;

/** The one of the customer's own statements. */
const inlinePolicy = (json: TerraformJson) => {
  const [policy, ...others] = Object.values(json.resource.aws_iam_role_policy ?? {}).filter(
    ({ name }) => name === 'vendor-access',
  );
  expect(others).toEqual([]);
  return policy;
};

describe('the order of resources', () => {
  test('registers after the role and every policy, including those added later', () => {
    // GIVEN a connection, WHEN policies are added after the callback was made
    const json = synthesize((stack) => {
      const connection = connect(stack, { permissions: 'read-only' });
      connection.addManagedPolicy('job-function/ViewOnlyAccess');
      connection.addStatements({ actions: ['s3:GetObject'], resources: ['*'] });
      connection.role.addStatements({ actions: ['s3:PutObject'], resources: ['*'] });
    });
    // THEN both resources of the callback wait for all of them
    const { registration, deregistration, deregistrationAddress } = callbackOf(json);
    expect(roleAddresses(json)).toHaveLength(5);
    expect(deregistration.depends_on.sort()).toEqual(roleAddresses(json).sort());
    expect(registration.depends_on.sort()).toEqual([...roleAddresses(json), deregistrationAddress].sort());
    expect(JSON.parse(inlinePolicy(json).policy).Statement).toHaveLength(2);
  });

  test('a role replaced under its name gets every policy again in the same apply', () => {
    const json = synthesize((stack) => {
      connect(stack, {
        permissions: {
          managedPolicies: ['ReadOnlyAccess'],
          statements: [{ actions: ['s3:GetObject'], resources: ['*'] }],
        },
      });
    });
    const [role] = Object.keys(json.resource.aws_iam_role ?? {});
    const policies = ['aws_iam_role_policy_attachment', 'aws_iam_role_policy'].flatMap((type) =>
      Object.values(json.resource[type] ?? {}),
    );
    expect(policies).toHaveLength(3);
    for (const { lifecycle } of policies)
      expect(lifecycle.replace_triggered_by).toEqual([`aws_iam_role.${role}.unique_id`]);
  });

  test('a change of scope, policies or external ID replaces the registration and leaves the deregistration', () => {
    const before = callbackOf(synthesize((stack) => void connect(stack, { scope: { project: 'a' } })));
    const after = callbackOf(
      synthesize(
        (stack) =>
          void connect(stack, {
            scope: { project: 'b' },
            permissions: 'read-only',
            externalId: 'another-one',
          }),
      ),
    );
    expect(after.registration.triggers_replace).not.toEqual(before.registration.triggers_replace);
    expect(after.deregistration.triggers_replace).toEqual(before.deregistration.triggers_replace);
    expect(after.deregistration.input).toEqual(before.deregistration.input);
  });

  test.each<[string, Parameters<typeof connect>[1]]>([
    ['the scope', { scope: { project: 'b' } }],
    ['a policy', { permissions: 'read-only' }],
    ['a statement', { permissions: { statements: [{ actions: ['s3:*'], resources: ['*'] }] } }],
    ['the external ID', { externalId: 'another-one' }],
    ['the principal', { principal: '123456789012' }],
    ['the callback URL', { callbackUrl: 'https://other.example/' }],
    ['the boundary', { permissionsBoundary: 'arn:aws:iam::aws:policy/ReadOnlyAccess' }],
  ])('registers again when %s changes', (_name, props) => {
    const triggers = (changed: Parameters<typeof connect>[1]) =>
      callbackOf(synthesize((stack) => void connect(stack, changed))).registration.triggers_replace;
    expect(triggers(props)).not.toEqual(triggers({}));
    expect(triggers(props)).toEqual(triggers(props));
  });

  test('does not register again for tags or a description', () => {
    const triggers = (props: Parameters<typeof connect>[1]) =>
      callbackOf(synthesize((stack) => void connect(stack, props))).registration.triggers_replace;
    expect(triggers({ tags: { a: 'b' }, description: 'new' })).toEqual(triggers({}));
  });

  test('waits for additional dependencies', () => {
    const json = synthesize((stack) => {
      const role = new CrossAccountRole(stack, 'other', validProps);
      connect(stack).callback.addDependency(role.role);
    });
    expect(callbackOf(json).registration.depends_on).toContainEqual(
      expect.stringMatching(/^aws_iam_role\.other_/),
    );
  });
});

describe('the provisioners', () => {
  test('start node without a shell, with all inputs in the environment', () => {
    const { registrationProvisioner } = callbackOf(
      synthesize((stack) => void connect(stack, { scope: { project: 'shop', environment: 'production' } })),
    );
    expect(registrationProvisioner.interpreter).toEqual(['node']);
    expect(registrationProvisioner.command).toMatch(SCRIPT);
    expect(registrationProvisioner.when).toBeUndefined();
    expect(registrationProvisioner.environment).toEqual({
      CONNECT_EVENT: 'role.provisioned',
      CONNECT_LABEL: 'vendor',
      CONNECT_CALLBACK_URL: validProps.callbackUrl,
      CONNECT_CONNECTION_ID: validProps.connectionId,
      CONNECT_EXTERNAL_ID: validProps.externalId,
      CONNECT_PRINCIPAL: validProps.principal,
      CONNECT_ROLE_ARN: expect.stringMatching(/^\$\{aws_iam_role\.vendor_role_\w+\.arn\}$/),
      CONNECT_ROLE_ID: expect.stringMatching(/^\$\{aws_iam_role\.vendor_role_\w+\.unique_id\}$/),
      CONNECT_SCOPE: '{"project":"shop","environment":"production"}',
      CONNECT_EXPECTED_ACCOUNT_ID: '',
      CONNECT_DEADLINE_SECONDS: '120',
    });
  });

  test('use only self at destroy, as Terraform requires, and keep no path in the state', () => {
    const { deregistration, deregistrationProvisioner } = callbackOf(
      synthesize((stack) => void connect(stack)),
    );
    expect(deregistrationProvisioner.when).toBe('destroy');
    const references = JSON.stringify(deregistrationProvisioner).match(/\$\{[^}]*\}/g) ?? [];
    expect(references.sort()).toEqual([
      `\${self.input.callback_url}`,
      `\${self.input.connection_id}`,
      `\${self.input.role_arn}`,
      `\${self.input.role_id}`,
    ]);
    expect(deregistrationProvisioner.environment.CONNECT_SCRIPT).toMatch(SCRIPT);
    expect(JSON.stringify(deregistration.input)).not.toContain('assets');
  });

  test.each([
    [false, 0],
    [true, 1],
  ])(
    'at destroy without Node or the script: failDestroyWhenUnreachable %s exits with %i',
    async (isStrict, code) => {
      const { deregistrationProvisioner } = callbackOf(
        synthesize((stack) => void connect(stack, { failDestroyWhenUnreachable: isStrict })),
      );
      const { status, stdout } = spawnSync('/bin/sh', ['-c', deregistrationProvisioner.command], {
        env: { PATH: '/nowhere', CONNECT_SCRIPT: 'nowhere.cjs' },
        encoding: 'utf8',
      });
      expect(status === 0 ? 0 : 1).toBe(code);
      expect(stdout).toBe(
        isStrict ? '' : 'vendor: warning: Node or the script failed, so the service was not notified\n',
      );
    },
  );

  test('check secret, URL and account before the role, and again when an input changes', () => {
    const checkOf = (props: Parameters<typeof connect>[1] = {}) => {
      const json = synthesize((stack) => void connect(stack, props));
      const [address, check] = Object.entries(json.resource.terraform_data ?? {}).find(([name]) =>
        name.includes('_check_'),
      ) ?? [''];
      expect(only(json, 'aws_iam_role').depends_on).toEqual([`terraform_data.${address}`]);
      return check;
    };
    const check = checkOf();
    expect(check.provisioner[0]['local-exec'].environment).toMatchObject({
      CONNECT_EVENT: 'connection.check',
      CONNECT_ACCOUNT_ID: expect.stringMatching(/^\$\{data\.aws_caller_identity\..*account_id\}$/),
      CONNECT_EXTERNAL_ID: validProps.externalId,
    });
    for (const changed of [
      { externalId: 'another-one' },
      { callbackUrl: 'https://other.example/' },
      { connectionId: 'con_other' },
      { principal: '123456789012' },
    ])
      expect(checkOf(changed).triggers_replace).not.toEqual(check.triggers_replace);
    expect(checkOf({ tags: { a: 'b' } }).triggers_replace).toEqual(check.triggers_replace);
  });

  test('register again when the deregistration is replaced', () => {
    const { registration, deregistrationAddress } = callbackOf(synthesize((stack) => void connect(stack)));
    expect(registration.triggers_replace.deregistration).toBe(`\${${deregistrationAddress}.id}`);
  });

  test('no scope is omitted, an empty one is the organization’s default', () => {
    const scope = (props: Parameters<typeof connect>[1]) =>
      callbackOf(synthesize((stack) => void connect(stack, props))).registrationProvisioner.environment
        .CONNECT_SCOPE;
    expect(scope({})).toBe('');
    expect(scope({ scope: {} })).toBe('{}');
  });
});

describe('the secret', () => {
  test('is never in the synthesized JSON', () => {
    const canary = 'whsec_Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5';
    process.env.CONNECT_CALLBACK_SECRET = canary;
    try {
      expect(JSON.stringify(synthesize((stack) => void connect(stack)))).not.toContain(canary);
    } finally {
      delete process.env.CONNECT_CALLBACK_SECRET;
    }
  });

  test('from a variable is only in the environment of the registration', () => {
    const json = synthesize((stack) => {
      const callbackSecret = new TerraformVariable(stack, 'secret', { type: 'string', sensitive: true });
      connect(stack, { callbackSecret });
    });
    const { registration, deregistration, registrationProvisioner } = callbackOf(json);
    expect(registrationProvisioner.environment.CONNECT_CALLBACK_SECRET_FROM_VARIABLE).toBe(
      `\${nonsensitive(sensitive(var.secret))}`,
    );
    expect(JSON.stringify(deregistration)).not.toContain('var.secret');
    expect(JSON.stringify(registration.triggers_replace)).not.toContain('var.secret');
  });
});

describe('several connections in one stack', () => {
  const json = synthesize((stack) => {
    const west = new AwsProvider(stack, 'west', { alias: 'west' });
    const east = new AwsProvider(stack, 'east', { alias: 'east' });
    const common = { ...validProps, permissions: 'administrator' as PermissionPreset };
    const acknowledge: RoleWarning[] = ['administrator-without-boundary'];
    new AwsConnection(stack, 'a', { ...common, acknowledge, provider: west, connectionId: 'con_a' });
    new AwsConnection(stack, 'b', {
      ...common,
      acknowledge,
      provider: east,
      connectionId: 'con_b',
      expectedAccountId: '210987654321',
    });
  });

  test('use their own providers for all AWS resources', () => {
    for (const type of ['aws_iam_role', 'aws_iam_role_policy_attachment'])
      expect(
        Object.entries(json.resource[type] ?? {}).map(([name, { provider }]) => [name[0], provider]),
      ).toEqual([
        ['a', 'aws.west'],
        ['b', 'aws.east'],
      ]);
    expect(Object.values(json.data?.aws_caller_identity ?? {}).map(({ provider }) => provider)).toEqual([
      'aws.west',
      'aws.east',
    ]);
  });

  test('depend only on their own roles, and share one script', () => {
    const [a, b] = [callbackOf(json, 'a'), callbackOf(json, 'b')];
    expect(a.registration.depends_on.every((address: string) => /\.a_/.test(address))).toBe(true);
    expect(b.registration.depends_on.every((address: string) => /\.b_/.test(address))).toBe(true);
    expect(a.registrationProvisioner.command).toBe(b.registrationProvisioner.command);
  });

  test('a deploy into another account stops before the role is created', () => {
    const role = Object.entries(json.resource.aws_iam_role ?? {}).find(([name]) =>
      name.startsWith('b_'),
    )?.[1];
    expect(role.lifecycle.precondition[0].condition).toMatch(/account_id == "210987654321"/);
    expect(role.lifecycle.precondition[0].error_message).toMatch(/^account_mismatch: .*210987654321/);
    expect(callbackOf(json, 'b').registrationProvisioner.environment.CONNECT_EXPECTED_ACCOUNT_ID).toBe(
      '210987654321',
    );
  });
});

describe('permissions', () => {
  const policyArns = (permissions: (typeof validProps)['permissions'], partition?: 'aws-us-gov') =>
    Object.values(
      synthesize(
        (stack) =>
          void connect(stack, {
            ...(permissions === undefined ? {} : { permissions }),
            principal: '123456789012',
            ...(partition === undefined ? {} : { partition }),
          }),
      ).resource.aws_iam_role_policy_attachment ?? {},
    ).map(({ policy_arn }) => policy_arn);

  test.each<[PermissionPreset, string]>([
    ['read-only', 'ReadOnlyAccess'],
    ['power-user', 'PowerUserAccess'],
    ['administrator', 'AdministratorAccess'],
    ['security-audit', 'SecurityAudit'],
  ])('%s is AWS’s %s, in every partition', (preset, policy) => {
    expect(policyArns(preset)).toEqual([`arn:aws:iam::aws:policy/${policy}`]);
    expect(policyArns({ preset }, 'aws-us-gov')).toEqual([`arn:aws-us-gov:iam::aws:policy/${policy}`]);
  });

  test('are empty by default', () => {
    expect(policyArns(undefined)).toEqual([]);
  });

  test('accept names and ARNs, and attach a duplicate once', () => {
    const own = 'arn:aws:iam::210987654321:policy/team/own';
    expect(policyArns({ preset: 'read-only', managedPolicies: ['ReadOnlyAccess', own] }).sort()).toEqual([
      own,
      'arn:aws:iam::aws:policy/ReadOnlyAccess',
    ]);
  });

  test('an attachment of a policy of the same stack keeps its address when another is added before it', () => {
    const addresses = (isMore: boolean) => {
      const json = synthesize((stack) => {
        const own = new IamPolicy(stack, 'own', { name: 'own', policy: '{}' });
        connect(stack, {
          permissions: { managedPolicies: [...(isMore ? ['ReadOnlyAccess'] : []), own.arn, own.arn] },
        });
      });
      return Object.keys(json.resource.aws_iam_role_policy_attachment ?? {});
    };
    const [address, ...others] = addresses(false);
    expect(others).toEqual([]);
    expect(addresses(true)).toContain(address);
  });

  test.each([true, false])(
    'the role can read itself and no other role: selfInspection %s',
    (selfInspection) => {
      const json = synthesize((stack) => void connect(stack, { selfInspection }));
      if (!selfInspection) {
        expect(json.resource.aws_iam_role_policy).toBeUndefined();
        return;
      }
      expect(only(json, 'aws_iam_role_policy').policy).toMatch(
        /^\{"Version":"2012-10-17","Statement":\[\{"Sid":"SelfInspection","Effect":"Allow","Action":\["iam:GetRole","iam:SimulatePrincipalPolicy"\],"Resource":\[\$\{jsonencode\(aws_iam_role\.vendor_role_\w+\.arn\)\}\]\}\]\}$/,
      );
    },
  );

  test('keep their addresses when reordered', () => {
    const addresses = (managedPolicies: string[]) =>
      roleAddresses(synthesize((stack) => void connect(stack, { permissions: { managedPolicies } }))).sort();
    expect(addresses(['ReadOnlyAccess', 'SecurityAudit'])).toEqual(
      addresses(['SecurityAudit', 'ReadOnlyAccess']),
    );
  });

  test('IAM’s own variables reach IAM; Terraform does not evaluate them', () => {
    const json = synthesize((stack) => {
      connect(stack).addStatements({
        actions: ['s3:GetObject'],
        resources: [`arn:aws:s3:::home/\${aws:username}/*`],
      });
    });
    expect(JSON.parse(inlinePolicy(json).policy).Statement[0].Resource).toEqual([
      `arn:aws:s3:::home/$\${aws:username}/*`,
    ]);
  });
});

test('a callback registers an existing role of the stack', () => {
  const json = synthesize((stack) => {
    const role = new CrossAccountRole(stack, 'role', validProps).role;
    new ConnectionCallback(stack, 'callback', { ...validProps, role });
  });
  expect(callbackOf(json).registration.depends_on).toContainEqual(
    expect.stringMatching(/^aws_iam_role\.role_/),
  );
});
