/** How a custom resource's function sends its event and answers CloudFormation. */
import { type CallbackEvent, send } from './core';
import type { Answer } from './network';
import { stack } from './place';

/** A CloudFormation event; its `ResourceProperties` are texts. */
export interface ResourceEvent {
  readonly RequestType: 'Create' | 'Update' | 'Delete';
  readonly ResponseURL: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
  readonly PhysicalResourceId?: string;
  readonly ResourceProperties: Readonly<Record<string, string | undefined>>;
}

/** The context of a Lambda function. */
export interface LambdaContext {
  getRemainingTimeInMillis(): number;
}

/** The part of the function's time that is kept for the answer. */
const ANSWER_MS = 8_000;

/**
 * Answers CloudFormation with the members that `work` returns. Any error of it fails the resource with the reason, but
 * never blocks the deletion of a stack. Without an answer, CloudFormation waits for an hour.
 */
export async function answered(
  event: ResourceEvent,
  ids: { readonly failedCreate: string; readonly failedUpdate: string | undefined },
  work: () => Promise<Readonly<Record<string, unknown>>>,
): Promise<void> {
  const { RequestType, PhysicalResourceId } = event;
  const isDelete = RequestType === 'Delete';
  const members = await work().catch((error: unknown) => {
    const Reason = (error instanceof Error ? error.message : String(error)).slice(0, 2_000);
    console.log(Reason);
    const failedId = RequestType === 'Create' ? ids.failedCreate : ids.failedUpdate;
    return { Reason, ...(!isDelete && { Status: 'FAILED', PhysicalResourceId: failedId }) };
  });
  await put(event, { Status: 'SUCCESS', ...(isDelete && { PhysicalResourceId }), ...members });
}

/** Sends an event within the function's time. @throws Error with the reason when the verdict is negative or there is none */
export async function sendFrom(
  context: LambdaContext,
  {
    seconds,
    secretParameter,
    ...event
  }: Omit<CallbackEvent, 'timeoutMs'> & {
    readonly seconds: number;
    readonly secretParameter: 'CallbackSecret' | 'EnrollmentSecret';
  },
): Promise<Answer> {
  const timeoutMs = Math.min(context.getRemainingTimeInMillis() - ANSWER_MS, seconds * 1000);
  const place = stack(process.env, secretParameter);
  const outcome = await send({ ...event, timeoutMs }, place, (reason) => console.log(reason));
  if ('answer' in outcome) return outcome.answer;
  const { code, detail, remedy } = outcome.failure;
  throw new Error(`${code}: ${detail} ${remedy}`);
}

/**
 * Content type and length as a presigned URL asks for them.
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
 */
async function put(
  { StackId, RequestId, LogicalResourceId, ResponseURL }: ResourceEvent,
  members: Readonly<Record<string, unknown>>,
): Promise<void> {
  const body = JSON.stringify({ ...members, StackId, RequestId, LogicalResourceId });
  for (let attempt = 1; attempt < 4; attempt += 1) {
    const signal = AbortSignal.timeout(2_000);
    const headers = { 'content-type': '' };
    const answer = await fetch(ResponseURL, { method: 'PUT', headers, body, signal }).catch(String);
    if (typeof answer === 'object' && answer.ok) return;
    console.log(`CloudFormation took no answer: ${typeof answer === 'object' ? answer.status : answer}`);
  }
}
