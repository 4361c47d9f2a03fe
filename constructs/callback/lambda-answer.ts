/** The answer of a custom resource to CloudFormation: always one, in time, or the stack waits for an hour. */

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

/** Left of the function's time for the answer. */
export const answerMs = 8_000;

/**
 * Content type and length as a presigned URL asks for them.
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
 */
export async function answerCloudFormation(
  { StackId, RequestId, LogicalResourceId, ResponseURL }: ResourceEvent,
  members: Readonly<Record<string, unknown>>,
): Promise<void> {
  const body = JSON.stringify({ ...members, StackId, RequestId, LogicalResourceId });
  for (let attempt = 1; attempt < 4; attempt += 1) {
    const signal = AbortSignal.timeout(2_000);
    const headers = { 'content-type': '' };
    const put = await fetch(ResponseURL, { method: 'PUT', headers, body, signal }).catch(() => undefined);
    if (put?.ok) return;
  }
}
