import { GetRoleCommand, IAMClient, type IAMClientResolvedConfig } from '@aws-sdk/client-iam';
import { KMSClient, ListAliasesCommand } from '@aws-sdk/client-kms';
import { GetCallerIdentityCommand, STSClient, type STSClientResolvedConfig } from '@aws-sdk/client-sts';
import { proxyAgentFor } from '../proxy-agent.js';

/** Connections of an AWS client: time limits, and the proxy of the environment. */
export function requestHandlerFor(url: string, timeoutMs: number, maxSockets = 50) {
  return {
    requestTimeout: timeoutMs,
    throwOnRequestTimeout: true,
    connectionTimeout: timeoutMs,
    httpsAgent: proxyAgentFor(url, { keepAlive: true, maxSockets }) ?? { maxSockets },
    httpAgent: { maxSockets },
  };
}

/**
 * The settings and sockets of a client. A client for one session that reuses them is created in a tenth of the time,
 * because the SDK otherwise looks for each setting in the environment and in files.
 */
export const settingsReadBy = ({
  requestHandler,
  retryMode,
  useDualstackEndpoint,
  useFipsEndpoint,
  userAgentAppId,
  defaultsMode,
  authSchemePreference,
}: STSClientResolvedConfig | IAMClientResolvedConfig) => ({
  requestHandler,
  retryMode,
  useDualstackEndpoint,
  useFipsEndpoint,
  userAgentAppId,
  defaultsMode,
  authSchemePreference,
});

/** The services that the service calls. */
export type AwsService = 'sts' | 'iam' | 'kms';

/** The settings that decide where a client sends its requests. */
export interface AwsClientSettings {
  readonly region: string;
  readonly endpoint?: string | undefined;
  readonly iamEndpoint?: string | undefined;
  readonly profile?: string;
}

/** AWS's own STS endpoint does not serve IAM; a replacement for AWS serves both. */
export const iamEndpointOf = ({
  endpoint,
  iamEndpoint,
}: Pick<AwsClientSettings, 'endpoint' | 'iamEndpoint'>): string | undefined =>
  iamEndpoint ?? (endpoint !== undefined && !isAwsEndpoint(new URL(endpoint).origin) ? endpoint : undefined);

/** The endpoint that the SDK uses: the setting, AWS_ENDPOINT_URL, a profile's `endpoint_url` or AWS's own host. */
export async function endpointOf(service: AwsService, settings: AwsClientSettings): Promise<string> {
  let endpoint = '';
  const { endpoint: given, iamEndpoint, ...rest } = settings;
  const own = service === 'iam' ? iamEndpointOf({ endpoint: given, iamEndpoint }) : given;
  const options = {
    ...rest,
    ...(own !== undefined && { endpoint: own }),
    credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
    maxAttempts: 1,
    // The handler sends nothing: it only reads the host of the request.
    requestHandler: {
      handle({ protocol, hostname, port }: { protocol: string; hostname: string; port?: number }) {
        endpoint = `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`;
        return Promise.reject(new Error('only the endpoint was asked for'));
      },
    },
  };
  const send = {
    sts: () => new STSClient(options).send(new GetCallerIdentityCommand({})),
    iam: () => new IAMClient(options).send(new GetRoleCommand({ RoleName: 'none' })),
    kms: () => new KMSClient(options).send(new ListAliasesCommand({})),
  }[service];
  await send().catch((error: Error) => {
    if (endpoint === '') throw error;
  });
  return endpoint;
}

/** AWS's own hosts, VPC endpoints included. */
export const isAwsEndpoint = (endpoint: string): boolean =>
  /^https:\/\/[a-z0-9.-]+\.(amazonaws\.com|amazonaws\.com\.cn|amazonaws\.eu|api\.aws|api\.amazonwebservices\.com\.cn)(:443)?$/.test(
    endpoint,
  );

/** Custom endpoints, each with its service. */
export async function foreignEndpoints(
  clients: readonly { service: AwsService; settings: AwsClientSettings }[],
): Promise<{ service: string; endpoint: string }[]> {
  const found = await Promise.all(
    clients.map(async ({ service, settings }) => ({
      service: service.toUpperCase(),
      endpoint: await endpointOf(service, settings),
    })),
  );
  return found.filter(({ endpoint }) => !isAwsEndpoint(endpoint));
}
