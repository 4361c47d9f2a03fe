import { AwsConnection, type AwsConnectionProps } from '@rolebridge/constructs';
import { TerraformOutput, type TerraformStack, TerraformVariable, Testing } from 'cdktf';
import { callbackOf, type Json, only, stackOf, synthesize, validProps } from '../constructs/synthesized.js';

const variable = (stack: TerraformStack, name = 'status_token') =>
  new TerraformVariable(stack, name, { type: 'string', sensitive: true });
const connect = (stack: TerraformStack, props: Partial<AwsConnectionProps> = {}, id = 'vendor') =>
  new AwsConnection(stack, id, { ...validProps, ...props });

describe('outputs of a connection', () => {
  const outputs = (props: Partial<AwsConnectionProps>) =>
    JSON.parse(
      Testing.synth(
        stackOf((stack) => {
          const connection = connect(stack, props);
          for (const name of ['roleArn', 'accountId', 'statusUrl'] as const)
            new TerraformOutput(stack, name, { value: connection[name] });
        }),
        true,
      ),
    ).output;

  test('role, account and status URL', () => {
    const { roleArn, accountId, statusUrl } = outputs({});
    const arn = /^\$\{(aws_iam_role\.vendor_role_\w+\.arn)\}$/.exec(roleArn.value)?.[1];
    expect(accountId.value).toBe(`\${element(split(":", ${arn}), 4)}`);
    expect(statusUrl.value).toBe('https://connect.vendor.example/v1/connections/con_8f3kQz/status');
  });

  test.each([
    ['https://vendor.example/rolebridge/v1/callbacks', 'https://vendor.example/rolebridge/v1/connections/'],
    ['https://vendor.example/v1/callbacks?tenant=1', 'https://vendor.example/v1/connections/'],
    ['http://127.0.0.1:8080/v1/callbacks', 'http://127.0.0.1:8080/v1/connections/'],
  ])('the status is beside the callback: %s', (callbackUrl, start) => {
    expect(outputs({ callbackUrl }).statusUrl.value).toBe(`${start}con_8f3kQz/status`);
  });

  test('even when callback URL and id are known after apply', () => {
    const json = JSON.parse(
      Testing.synth(
        stackOf((stack) => {
          const of = (name: string) => new TerraformVariable(stack, name, { type: 'string' }).stringValue;
          const connection = connect(stack, { callbackUrl: of('url'), connectionId: of('id') });
          new TerraformOutput(stack, 'status', { value: connection.statusUrl });
        }),
        true,
      ),
    );
    expect(json.output.status.value).toBe(
      `\${replace(var.url, "/[^/]*$/", "connections/\${var.id}/status")}`,
    );
  });
});

describe('health in the plan', () => {
  test('is a check that reads the status with the token, after the registration, and warns', () => {
    const json = synthesize((stack) => void connect(stack, { health: { statusToken: variable(stack) } }));
    const [[name, check], ...others] = Object.entries(json.check ?? {}) as [[string, Json]];
    expect(others).toEqual([]);
    const registration = Object.keys(json.resource.terraform_data ?? {}).find((each) =>
      each.includes('_registration_'),
    );
    expect(check.data).toEqual({
      http: {
        [name]: {
          url: 'https://connect.vendor.example/v1/connections/con_8f3kQz/status',
          request_headers: { Authorization: `Bearer \${var.status_token}` },
          request_timeout_ms: 5000,
          depends_on: [`terraform_data.${registration}`],
        },
      },
    });
    expect(check.assert).toHaveLength(1);
    expect(check.assert[0].condition).toBe(
      `\${try(jsondecode(data.http.${name}.response_body).status, "") == "connected"}`,
    );
    expect(check.assert[0].error_message).toContain('con_8f3kQz');
    expect(json.terraform?.required_providers.http).toEqual({ source: 'hashicorp/http' });
    // Nothing waits for it, and the registration is not sent again for it.
    const without = synthesize((stack) => void connect(stack));
    expect(json.resource).toEqual(without.resource);
  });

  test('adds no check and no provider by default', () => {
    const json = synthesize((stack) => void connect(stack));
    expect(json.check).toBeUndefined();
    expect(Object.keys(json.terraform?.required_providers ?? {})).toEqual(['aws']);
    expect(callbackOf(json)).toBeDefined();
    expect(only(json, 'aws_iam_role')).toBeDefined();
  });

  test('of two connections has two checks, each with its own data source', () => {
    const json = synthesize((stack) => {
      connect(stack, { connectionId: 'con_a', health: { statusToken: variable(stack, 'a') } }, 'first');
      connect(stack, { connectionId: 'con_b', health: { statusToken: variable(stack, 'b') } }, 'second');
    });
    const checks = Object.values(json.check ?? {}) as Json[];
    expect(new Set(checks.flatMap(({ data }) => Object.keys(data.http))).size).toBe(2);
    expect(checks.map(({ data }) => Object.values<Json>(data.http)[0].request_headers.Authorization)).toEqual(
      [`Bearer \${var.a}`, `Bearer \${var.b}`],
    );
  });

  test('waits for the configured time', () => {
    const json = synthesize(
      (stack) => void connect(stack, { health: { statusToken: variable(stack), timeoutSeconds: 30 } }),
    );
    expect(JSON.stringify(json.check)).toContain('"request_timeout_ms":30000');
  });

  test.each<[string, (stack: TerraformStack) => unknown, RegExp]>([
    [
      'a token in the code',
      () => ({ statusToken: 'rbs_abc' }),
      /health\.statusToken must be a TerraformVariable/,
    ],
    ['no token', () => ({}), /health\.statusToken must be a sensitive TerraformVariable/],
    ['true', () => true, /health must be/],
    [
      'a variable that Terraform shows',
      (stack) => ({ statusToken: new TerraformVariable(stack, 'shown', { type: 'string' }) }),
      /health\.statusToken must be declared with sensitive: true/,
    ],
    [
      'a variable with a default',
      (stack) => ({
        statusToken: new TerraformVariable(stack, 'preset', {
          type: 'string',
          sensitive: true,
          default: 'rbs_a',
        }),
      }),
      /health\.statusToken must have no default/,
    ],
    [
      'a minute of waiting',
      (stack) => ({ statusToken: variable(stack), timeoutSeconds: 60 }),
      /health\.timeoutSeconds must be a whole number of seconds from 1 to 30/,
    ],
    ['an unknown key', (stack) => ({ statusToken: variable(stack), url: 'x' }), /health\.url must be one of/],
  ])('refuses %s', (_name, health, problem) => {
    expect(() => stackOf((stack) => void connect(stack, { health: health(stack) as never }))).toThrow(
      problem,
    );
  });
});
