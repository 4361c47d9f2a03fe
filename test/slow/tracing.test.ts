/** Traces go where OpenTelemetry's own variable says, and nothing of OpenTelemetry is loaded when it says nothing. */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startVendorProcess } from '../service-as-process.js';
import { callApi } from '../vendor.js';

interface Span {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
}

let vendor: Awaited<ReturnType<typeof startVendorProcess>>;
afterEach(() => vendor.close());

it('a request and its STS calls are spans of the caller’s trace, with the route and without ids or secrets', async () => {
  const received: string[] = [];
  const collector = createServer((request, response) => {
    let text = '';
    request.on('data', (data) => {
      text += data;
    });
    request.on('end', () => {
      received.push(text);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  vendor = await startVendorProcess({
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
    OTEL_SERVICE_NAME: 'rolebridge-test',
    OTEL_BSP_SCHEDULE_DELAY: '100',
  });
  const service = await vendor.start();
  const apiKey = await vendor.organization(service);
  const { body } = await callApi(service.url, apiKey, 'POST', '/v1/connections', { name: 'shop' });
  const { accountId } = vendor.sandbox.createAccount();
  const { arn } = vendor.sandbox.createRole(accountId, { roleName: 'r', trustPolicy: body.trustPolicy });
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const answer = await fetch(`${service.url}/v1/connections/${body.id}/role`, {
    method: 'PUT',
    headers: {
      authorization: `Bearer ${apiKey}`,
      'content-type': 'application/json',
      traceparent: `00-${traceId}-b7ad6b7169203331-01`,
    },
    body: JSON.stringify({ roleArn: arn }),
  });
  expect(answer.status).toBe(200);
  service.child.kill('SIGTERM');
  expect(await service.ended).toBe(0);
  collector.close();

  const text = received.join('\n');
  const spans = received.flatMap((body) =>
    JSON.parse(body).resourceSpans.flatMap((resource: { scopeSpans: { spans: Span[] }[] }) =>
      resource.scopeSpans.flatMap((scope) => scope.spans),
    ),
  ) as Span[];
  const request = spans.find(({ name }) => name === 'PUT /v1/connections/:id/role');
  expect(request).toMatchObject({ traceId, parentSpanId: 'b7ad6b7169203331' });
  const calls = spans.filter(
    ({ name, parentSpanId }) => name.startsWith('STS ') && parentSpanId === request?.spanId,
  );
  // How many probes there are is the verification's business.
  expect(new Set(calls.map(({ name }) => name))).toEqual(
    new Set(['STS AssumeRole', 'STS GetCallerIdentity', 'STS GetRole', 'STS ListAccountAliases']),
  );
  expect(text).toContain('rolebridge-test');
  for (const secret of [apiKey, body.callbackSecret, body.id, body.externalId, arn])
    expect(text).not.toContain(secret);
  // The log line and the trace find each other.
  expect(service.output()).toContain(`"traceId":"${traceId}"`);
}, 60_000);

it('no tracing code is loaded without an exporter', async () => {
  const coverage = mkdtempSync(join(tmpdir(), 'rolebridge-loaded-'));
  vendor = await startVendorProcess({ NODE_V8_COVERAGE: coverage });
  const service = await vendor.start();
  service.child.kill('SIGTERM');
  expect(await service.ended).toBe(0);
  const loaded = readdirSync(coverage).flatMap((file) =>
    JSON.parse(readFileSync(join(coverage, file), 'utf8')).result.map(({ url }: { url: string }) => url),
  ) as string[];
  expect(loaded.some((url) => url.includes('/node_modules/express/'))).toBe(true);
  // prom-client asks the bare API, which does nothing, whether there is a trace.
  expect(loaded.filter((url) => /@opentelemetry\/(?!api\/)|open-telemetry/.test(url))).toEqual([]);
}, 60_000);
