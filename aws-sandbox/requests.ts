import type { QueryRequest } from './query-protocol.js';

/** One call that the sandbox received. */
export interface SandboxRequest {
  time: Date;
  service: 'iam' | 'sts';
  action: string;
  requestId: string;
  /** `ok`, AWS's error code, or the fault: `timeout`, `reset`, `garbage`. `pending` while it is being answered. */
  outcome: string;
  region?: string;
  accessKeyId?: string;
  callerArn?: string;
  roleArn?: string;
  externalId?: string;
  roleSessionName?: string;
  durationSeconds?: number;
  sourceIdentity?: string;
  sessionPolicy?: string;
  tags?: Record<string, string>;
}

/** A call as it was sent, recorded before validation. */
export function requestDetails({ params, region, accessKeyId }: QueryRequest): Partial<SandboxRequest> {
  const durationSeconds = params.optional('DurationSeconds');
  const values = params.list('Tags', 'Value');
  const tags = params.list('Tags', 'Key').map((key, index) => [key, values[index] ?? ''] as const);
  const details = {
    region,
    accessKeyId,
    roleArn: params.optional('RoleArn'),
    externalId: params.optional('ExternalId'),
    roleSessionName: params.optional('RoleSessionName'),
    durationSeconds: durationSeconds === undefined ? undefined : Number(durationSeconds),
    sourceIdentity: params.optional('SourceIdentity'),
    sessionPolicy: params.optional('Policy'),
    tags: tags.length > 0 ? Object.fromEntries(tags) : undefined,
  };
  return Object.fromEntries(Object.entries(details).filter(([, value]) => value !== undefined));
}
