import { AwsConnection, type AwsConnectionProps } from '@rolebridge/constructs';
import { TerraformVariable, Token } from 'cdktf';
import { InvalidPropsError } from '../../constructs/props/rules.js';
import { stackOf, synthesize, validProps } from '../constructs/synthesized.js';

function verificationFailed(props: Record<string, unknown>): InvalidPropsError {
  try {
    stackOf(
      (stack) => void new AwsConnection(stack, 'vendor', { ...validProps, ...props } as AwsConnectionProps),
    );
  } catch (error) {
    if (error instanceof InvalidPropsError) return error;
    throw error;
  }
  throw new Error('expected the props to be refused');
}

/** Text that Terraform would evaluate. */
const evaluated = (expression: string) => `\${${expression}}`;
const tags = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`key${i}`, 'value']));

describe('rejects at synth', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['no external ID', { externalId: undefined }, 'externalId'],
    ['an empty external ID', { externalId: '' }, 'externalId'],
    ['an external ID that is a wildcard', { externalId: '*' }, 'externalId'],
    ['an external ID with a wildcard in it', { externalId: 'abc*' }, 'externalId'],
    ['an external ID of one character', { externalId: 'a' }, 'externalId'],
    ['an external ID of 1,225 characters', { externalId: 'a'.repeat(1225) }, 'externalId'],
    ['an external ID with a space', { externalId: 'abc def' }, 'externalId'],
    ['an external ID with a line end', { externalId: 'abcdef\n' }, 'externalId'],
    ['an external ID that ends the JSON string', { externalId: 'ab","aws:x":"y' }, 'externalId'],
    [
      'an external ID that Terraform would evaluate',
      { externalId: evaluated('file("/etc/passwd")') },
      'externalId',
    ],
    ['an external ID that is an object', { externalId: { toString: () => 'abc' } }, 'externalId'],
    ['no principal', { principal: undefined }, 'principal'],
    ['an empty list of principals', { principal: [] }, 'principal'],
    ['everyone as the principal', { principal: '*' }, 'principal'],
    ['everyone among the principals', { principal: [validProps.principal, '*'] }, 'principal'],
    ['a principal with a wildcard', { principal: 'arn:aws:iam::123456789012:role/*' }, 'principal'],
    ['an account id of 11 digits', { principal: '12345678901' }, 'principal'],
    ['an account id of 13 digits', { principal: '1234567890123' }, 'principal'],
    ['an account id of zeros', { principal: '000000000000' }, 'principal'],
    ['an account id of Arabic digits', { principal: '١٢٣٤٥٦٧٨٩٠١٢' }, 'principal'],
    ['a service as the principal', { principal: 'ec2.amazonaws.com' }, 'principal'],
    ['a session as the principal', { principal: 'arn:aws:sts::123456789012:assumed-role/a/b' }, 'principal'],
    ['a group as the principal', { principal: 'arn:aws:iam::123456789012:group/a' }, 'principal'],
    ['a role with an empty path segment', { principal: 'arn:aws:iam::123456789012:role//a' }, 'principal'],
    ['a role without a name', { principal: 'arn:aws:iam::123456789012:role/' }, 'principal'],
    ['a principal in no known partition', { principal: 'arn:aws-iso:iam::123456789012:role/a' }, 'principal'],
    ['a principal with a space after it', { principal: `${validProps.principal} ` }, 'principal'],
    ['a principal of another partition', { partition: 'aws-cn' }, 'principal'],
    ['an unknown partition', { partition: 'aws-moon', principal: '123456789012' }, 'partition'],
    ['a role name of 65 characters', { roleName: 'a'.repeat(65) }, 'roleName'],
    ['an empty role name', { roleName: '' }, 'roleName'],
    ['a role name with a slash', { roleName: 'a/b' }, 'roleName'],
    ['a role name that Terraform would evaluate', { roleName: evaluated('path.cwd') }, 'roleName'],
    ['a role name and a prefix', { roleName: 'a', roleNamePrefix: 'b' }, 'roleName'],
    ['a prefix of 39 characters', { roleNamePrefix: 'a'.repeat(39) }, 'roleNamePrefix'],
    ['a path without a slash at the end', { path: '/a' }, 'path'],
    ['a path without a slash at the start', { path: 'a/' }, 'path'],
    ['a path with an empty segment', { path: '//' }, 'path'],
    ['a path that goes up', { path: '/../' }, 'path'],
    ['a path of 513 characters', { path: `/${'a'.repeat(511)}/` }, 'path'],
    ['a description of 1,001 characters', { description: 'a'.repeat(1001) }, 'description'],
    ['a description that IAM doesn’t accept', { description: '角色' }, 'description'],
    ['51 tags', { tags: tags(51) }, 'tags'],
    ['a tag that is AWS’s own', { tags: { 'aws:name': 'x' } }, 'tags'],
    ['the same in capitals', { tags: { 'AWS:name': 'x' } }, 'tags'],
    ['a combining mark in the key of a tag', { tags: { 'name\u0345': 'x' } }, 'tags'],
    ['a tag value of 257 characters', { tags: { name: 'x'.repeat(257) } }, 'tags'],
    ['a session of 3,599 s', { maxSessionDuration: 3599 }, 'maxSessionDuration'],
    ['a session of 43,201 s', { maxSessionDuration: 43_201 }, 'maxSessionDuration'],
    ['half a second of session', { maxSessionDuration: 3600.5 }, 'maxSessionDuration'],
    ['a session that is text', { maxSessionDuration: '3600' }, 'maxSessionDuration'],
    ['a session that is not a number', { maxSessionDuration: Number.NaN }, 'maxSessionDuration'],
    ['a boundary that is a role', { permissionsBoundary: validProps.principal }, 'permissionsBoundary'],
    ['a boundary that is a name', { permissionsBoundary: 'boundary' }, 'permissionsBoundary'],
    ['an unknown preset', { permissions: 'root' }, 'permissions'],
    ['a preset that every object has', { permissions: 'constructor' }, 'permissions'],
    ['an unknown key of permissions', { permissions: { policies: [] } }, 'permissions.policies'],
    [
      'a managed policy that is no policy',
      { permissions: { managedPolicies: [validProps.principal] } },
      'permissions',
    ],
    [
      'a statement with actions and notActions',
      { permissions: { statements: [{ actions: ['s3:*'], notActions: ['s3:*'], resources: ['*'] }] } },
      'permissions.statements',
    ],
    [
      'a statement about nothing',
      { permissions: { statements: [{ actions: ['s3:*'] }] } },
      'permissions.statements',
    ],
    [
      'an action without a service',
      { permissions: { statements: [{ actions: ['GetObject'], resources: ['*'] }] } },
      'permissions.statements',
    ],
    ['a connection id without its prefix', { connectionId: '8f3k' }, 'connectionId'],
    ['a connection id that is a command', { connectionId: 'con_$(reboot)' }, 'connectionId'],
    ['a connection id of 65 characters', { connectionId: `con_${'a'.repeat(65)}` }, 'connectionId'],
    ['a callback over http', { callbackUrl: 'http://vendor.example/' }, 'callbackUrl'],
    [
      'a callback on a host that starts like loopback',
      { callbackUrl: 'http://127.0.0.1.evil.example/' },
      'callbackUrl',
    ],
    ['a callback with credentials', { callbackUrl: 'https://user:pass@vendor.example/' }, 'callbackUrl'],
    ['a callback that is a file', { callbackUrl: 'file:///etc/passwd' }, 'callbackUrl'],
    ['a callback that is no URL', { callbackUrl: 'vendor.example' }, 'callbackUrl'],
    [
      'a callback that Terraform would evaluate',
      { callbackUrl: `https://v.example/${evaluated('path.cwd')}` },
      'callbackUrl',
    ],
    ['a callback with a line end', { callbackUrl: 'https://vendor.example/\n' }, 'callbackUrl'],
    ['an environment outside a project', { scope: { environment: 'a' } }, 'scope.environment'],
    [
      'an architecture outside an environment',
      { scope: { project: 'a', architecture: 'b' } },
      'scope.architecture',
    ],
    ['a scope name with a slash', { scope: { project: 'a/b' } }, 'scope.project'],
    ['a scope name that begins with a dot', { scope: { project: '.a' } }, 'scope.project'],
    ['an empty scope name', { scope: { project: '' } }, 'scope.project'],
    ['a scope name of 65 characters', { scope: { project: 'a'.repeat(65) } }, 'scope.project'],
    ['an unknown key of the scope', { scope: { stage: 'a' } }, 'scope.stage'],
    ['an expected account of 11 digits', { expectedAccountId: '12345678901' }, 'expectedAccountId'],
    ['no time for the callback', { callbackTimeoutSeconds: 0 }, 'callbackTimeoutSeconds'],
    ['ten minutes for a destroy', { destroyTimeoutSeconds: 600 }, 'destroyTimeoutSeconds'],
    ['a callback secret in the code', { callbackSecret: 'whsec_AAAA' }, 'callbackSecret'],
  ])('%s', (_name, props, prop) => {
    const { message, problems, code } = verificationFailed(props);
    expect(code).toBe('props_invalid');
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(prop);
    // The prop, the rule and its source.
    expect(problems[0]).toMatch(/must (be|name|not)|they are|at most/);
    expect(problems[0]).toMatch(/https:\/\/|Rolebridge's callback contract/);
    expect(message).toMatch(/^(CrossAccountRole|ConnectionCallback) 'test\/vendor\/(role|callback)'/);
  });

  test('several wrong props, each named', () => {
    expect(
      verificationFailed({ externalId: '*', principal: '*', maxSessionDuration: 1 }).problems,
    ).toHaveLength(3);
  });

  test.each([
    ['not sensitive', {}],
    ['with a default', { sensitive: true, default: 'whsec_canary' }],
  ])('a variable for the callback secret that is %s', (_name, config) => {
    expect(() =>
      stackOf((stack) => {
        const callbackSecret = new TerraformVariable(stack, 'secret', { type: 'string', ...config });
        new AwsConnection(stack, 'vendor', { ...validProps, callbackSecret });
      }),
    ).toThrow(/callbackSecret must/);
  });

  test('a wrong policy that is added later', () => {
    stackOf((stack) => {
      const connection = new AwsConnection(stack, 'vendor', validProps);
      expect(() => connection.addManagedPolicy('arn:aws:iam::123:user/x')).toThrow(InvalidPropsError);
      expect(() => connection.addStatements({ actions: [], resources: ['*'] })).toThrow(InvalidPropsError);
    });
  });
});

describe('accepts', () => {
  test.each<[string, Partial<AwsConnectionProps>]>([
    ['an external ID of IAM’s every character', { externalId: 'aZ09_+=,.@:/-' }],
    ['an external ID of 1,224 characters', { externalId: 'a'.repeat(1224) }],
    ['a session of 43,200 s', { maxSessionDuration: 43_200 }],
    ['a callback on loopback', { callbackUrl: 'http://127.0.0.1:8080/v1/callbacks' }],
    ['a callback on IPv6 loopback', { callbackUrl: 'http://[::1]:8080/' }],
    ['a callback on localhost', { callbackUrl: 'http://localhost/' }],
    ['a role deep in a path', { principal: 'arn:aws:iam::123456789012:role/a/b/name' }],
    ['the organization’s default scope', { scope: {} }],
    ['the European partition', { principal: 'arn:aws-eusc:iam::123456789012:role/v' }],
    ['a policy in a path', { permissions: { managedPolicies: ['job-function/ViewOnlyAccess'] } }],
  ])('%s', (_name, props) => {
    synthesize((stack) => void new AwsConnection(stack, 'vendor', { ...validProps, ...props }));
  });

  test('tokens, known only to Terraform', () => {
    const json = synthesize((stack) => {
      const of = (name: string) => new TerraformVariable(stack, name, { type: 'string' }).stringValue;
      new AwsConnection(stack, 'vendor', {
        connectionId: of('connection_id'),
        externalId: of('external_id'),
        principal: [of('principal')],
        callbackUrl: of('callback_url'),
        scope: { project: of('project') },
        roleName: of('role_name'),
        path: of('path'),
        description: of('description'),
        permissionsBoundary: of('boundary'),
        expectedAccountId: of('account'),
        maxSessionDuration: Token.asNumber(new TerraformVariable(stack, 'seconds', { type: 'number' }).value),
        permissions: {
          managedPolicies: [of('policy')],
          statements: [{ actions: [of('action')], resources: ['*'] }],
        },
      });
    });
    const text = JSON.stringify(json);
    for (const name of [
      'connection_id',
      'external_id',
      'principal',
      'callback_url',
      'project',
      'boundary',
      'policy',
    ])
      expect(text).toContain(`var.${name}`);
    expect(text).not.toContain('TfToken');
  });
});
