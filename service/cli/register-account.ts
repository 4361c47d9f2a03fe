import { z } from 'zod';
import { sendRequest } from '../../client/request.js';
import { parsed, problemOf, unreachable } from '../../client/send.js';
import { serviceUrl } from '../../client/service-url.js';
import { defaultCredentials, signCallerProof } from '../aws/sign-caller-proof.js';
import { newMessageId } from '../domain/ids.js';
import { type Partition, partitions } from '../domain/role-arn.js';
import { proxyAgentFor } from '../proxy-agent.js';
import { messageOf } from '../unknown-value.js';
import { signatureHeaders } from '../webhooks/signature-headers.js';
import { UsageError } from './failure.js';
import type { Terminal } from './terminal.js';

export interface RegisterOptions {
  readonly label?: string;
  readonly partition: Partition;
  readonly allowHttp?: boolean;
  readonly json?: boolean;
}

const registered = z.object({ connectionId: z.string(), externalId: z.string(), callbackSecret: z.string() });

/** Registers the account of the AWS credentials in this environment, as the StackSet's function does. */
export async function registerAccount(
  enrollmentUrl: string,
  { label, partition, allowHttp = false }: RegisterOptions,
  { env }: Pick<Terminal, 'env'>,
) {
  const url = serviceUrl(enrollmentUrl, allowHttp);
  const secret = (env.ROLEBRIDGE_ENROLLMENT_SECRET ?? '').trim();
  if (!/^whsec_[A-Za-z0-9+/]{22,}={0,2}$/.test(secret))
    throw new UsageError(
      'The secret of the enrollment is missing.',
      'Set ROLEBRIDGE_ENROLLMENT_SECRET to the whsec_… that "rolebridge enrollment create" showed.',
    );
  const { stsHost, stsRegion } = partitions[partition];
  const { sessionToken, ...key } = await defaultCredentials(stsRegion).catch((error: unknown) => {
    throw new UsageError(
      `There are no AWS credentials: ${messageOf(error)}`,
      'Use the credentials of a role in the account, for example with AWS_PROFILE.',
    );
  });
  if (sessionToken === undefined)
    throw new UsageError(
      "The AWS credentials are a user's: an account proves itself as a role.",
      'Assume a role that the enrollment accepts (rolePattern), then run the command again.',
    );
  const proof = signCallerProof({ ...key, sessionToken }, { enrollmentUrl: url, stsHost });
  const data = { proof, ...(label !== undefined && { label }) };
  const body = JSON.stringify({ type: 'account.enrolled', timestamp: new Date().toISOString(), data });
  const answer = await sendRequest({
    url,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...signatureHeaders({ id: newMessageId(), body }, [secret], Date.now()),
    },
    body,
    agent: proxyAgentFor(url.href),
    signal: AbortSignal.timeout(60_000),
  }).catch((error: unknown) => {
    throw unreachable(url, error);
  });
  const value = parsed(answer.text);
  const { data: account } = registered.safeParse(value);
  if (answer.status === 200 && account) return account;
  throw problemOf(answer, value, url);
}
