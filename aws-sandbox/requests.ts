import type { Parameters } from './parameters.js';

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
export function requestDetails(values: URLSearchParams, params: Parameters): Partial<SandboxRequest> {
  const keys = params.listOf('Tags', 'Key');
  const details = {
    roleArn: values.get('RoleArn'),
    externalId: values.get('ExternalId'),
    roleSessionName: values.get('RoleSessionName'),
    durationSeconds: values.has('DurationSeconds') ? Number(values.get('DurationSeconds')) : null,
    sourceIdentity: values.get('SourceIdentity'),
    sessionPolicy: values.get('Policy'),
    tags:
      keys.length > 0
        ? Object.fromEntries(
            keys.map((key, index) => [key, values.get(`Tags.member.${index + 1}.Value`) ?? '']),
          )
        : null,
  };
  return Object.fromEntries(Object.entries(details).filter(([, value]) => value !== null));
}
