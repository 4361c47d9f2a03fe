import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A template's intrinsic functions, as far as ours uses them, evaluated for one account. */
export function evaluate(
  // biome-ignore lint/suspicious/noExplicitAny: a template is read member by member, and a wrong guess fails the test.
  template: any,
  given: {
    parameters?: Record<string, string>;
    accountId: string;
    partition?: string;
    /** Values of `Fn::GetAtt`, as `Resource.Attribute`; the name itself for all others. */
    attributes?: Record<string, string>;
  },
) {
  const values: Record<string, unknown> = {
    ...Object.fromEntries(
      Object.entries<{ Default?: unknown }>(template.Parameters).map(([name, { Default }]) => [
        name,
        Default,
      ]),
    ),
    ...given.parameters,
    'AWS::Partition': given.partition ?? 'aws',
    'AWS::AccountId': given.accountId,
  };
  const nothing = Symbol('AWS::NoValue');
  const condition = (name: string): boolean => Boolean(value(template.Conditions[name]));
  // biome-ignore lint/suspicious/noExplicitAny: see above.
  function value(node: any): any {
    if (Array.isArray(node)) return node.map(value).filter((each) => each !== nothing);
    if (typeof node !== 'object' || node === null) return node;
    const [entry] = Object.entries<unknown[] & string>(node);
    if (entry === undefined) return node;
    const [name, operand] = entry;
    switch (name) {
      case 'Ref':
        if (operand === 'AWS::NoValue') return nothing;
        if (operand in template.Resources) return operand;
        if (!(operand in values)) throw new Error(`There is no parameter ${operand}.`);
        return values[operand];
      case 'Fn::If':
        return value(condition(operand[0] as string) ? operand[1] : operand[2]);
      case 'Fn::Equals':
        return value(operand[0]) === value(operand[1]);
      case 'Fn::Not':
        return !value(operand[0]);
      case 'Fn::Join':
        return value(operand[1]).join(operand[0]);
      case 'Fn::FindInMap': {
        const [map, first, second] = operand.map(value);
        return template.Mappings[map][first][second];
      }
      case 'Fn::GetAtt':
        return given.attributes?.[`${operand[0]}.${operand[1]}`] ?? `${operand[0]}.${operand[1]}`;
    }
    return Object.fromEntries(
      Object.entries(node)
        .map(([key, each]) => [key, value(each)])
        .filter(([, each]) => each !== nothing),
    );
  }
  const resources = Object.entries<{ Condition?: string }>(template.Resources)
    .filter(([, resource]) => resource.Condition === undefined || condition(resource.Condition))
    .map(([name, resource]) => [name, value(resource)]);
  return { resources: Object.fromEntries(resources), parameters: values };
}

/** Where a custom resource's function answers to: one PUT for each request, as to CloudFormation's S3 address. */
export async function startCloudFormation() {
  // biome-ignore lint/suspicious/noExplicitAny: see above.
  const answers: { contentType: string | undefined; body: any }[] = [];
  let failures = 0;
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (failures > 0) {
        failures--;
        response.writeHead(503).end();
        return;
      }
      answers.push({
        contentType: request.headers['content-type'],
        body: JSON.parse(Buffer.concat(chunks).toString()),
      });
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/stack?signature=x`,
    answers,
    failNext: (count: number) => {
      failures = count;
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

/** Runs a function as Lambda does: a file, one event, a time that ends. */
export async function invokeFunction(
  cloudFormation: Awaited<ReturnType<typeof startCloudFormation>>,
  code: string,
  event: object,
  { remainingMs = 150_000, environment = {} }: { remainingMs?: number; environment?: NodeJS.ProcessEnv } = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'rolebridge-lambda-'));
  const before = cloudFormation.answers.length;
  writeFileSync(join(folder, 'index.js'), code);
  const request = {
    ResponseURL: cloudFormation.url,
    StackId: 'arn:aws:cloudformation:us-east-1:1:stack/s/1',
    RequestId: 'request',
    LogicalResourceId: 'Resource',
    ...event,
  };
  writeFileSync(
    join(folder, 'invoke.js'),
    `require('./index.js').handler(${JSON.stringify(request)}, { getRemainingTimeInMillis: () => ${remainingMs} })
      .then(() => console.log('returned'));`,
  );
  const output = await new Promise<string>((resolve) =>
    execFile(
      process.execPath,
      [join(folder, 'invoke.js')],
      { env: { ...process.env, ...environment } },
      (_error, stdout, stderr) => resolve(stdout + stderr),
    ),
  );
  rmSync(folder, { recursive: true });
  expect(output).toContain('returned');
  expect(cloudFormation.answers).toHaveLength(before + 1);
  const answer = cloudFormation.answers.at(-1);
  expect(answer?.contentType ?? '').toBe('');
  expect(JSON.stringify(answer?.body).length).toBeLessThan(4096);
  const { StackId, RequestId, LogicalResourceId } = request;
  expect(answer?.body).toMatchObject({ StackId, RequestId, LogicalResourceId });
  return { ...answer?.body, output };
}
