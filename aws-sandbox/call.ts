import type { Account, Accounts, Caller, Role } from './accounts.js';
import { AwsError } from './aws-error.js';
import { principalsIn } from './evaluate.js';
import type { Parameters } from './parameters.js';
import { parseTrustPolicy } from './policy-document.js';
import type { RequestOrigin, XmlValue } from './query-protocol.js';

const PATH = /^(?:\/|\/[\x21-\x7E]+\/)$/;

/** One authenticated call, as its action sees it. */
export interface Call {
  params: Parameters;
  caller: Caller;
  /** The caller's account: IAM acts in no other. */
  account: Account;
  accounts: Accounts;
  now: number;
  region: string;
  origin: RequestOrigin;
  propagationDelayMs: number;
}

/** Performs an action and returns the content of its result, if it has one. */
export type Action = (call: Call) => XmlValue | undefined;

/** Gives a role a trust policy, from now on for IAM and after the delay for STS. */
export function setTrustPolicy(
  role: Pick<Role, 'account' | 'trust'>,
  text: string,
  context: { accounts: Accounts; now: number; propagationDelayMs: number },
): void {
  const policy = parseTrustPolicy(text, role.account, context.accounts);
  const principalIds = new Map(
    principalsIn(policy).flatMap((arn) => {
      const id = context.accounts.principalId(arn);
      return id === undefined ? [] : [[arn, id] as const];
    }),
  );
  const { now: changedAt, propagationDelayMs: delayMs } = context;
  role.trust.push({ text, policy, principalIds, changedAt, delayMs });
}

/** The path that a call gives a new entity. */
export function readPath(call: Call): string {
  return call.params.optional('Path', { min: 1, max: 512, pattern: PATH }) ?? '/';
}

/** The tags that a call gives a new entity. */
export const tagsIn = (call: Call): Map<string, string> =>
  new Map(call.params.tags().map(({ Key, Value }) => [Key, Value]));

/** `Tag…`, `Untag…` and `List…Tags` of a kind of entity. */
export function tagActions(
  kind: string,
  find: (call: Call) => { tags: Map<string, string> },
): Record<string, Action> {
  return {
    [`Tag${kind}`](call) {
      const { tags } = find(call);
      for (const [key, value] of tagsIn(call)) tags.set(key, value);
      if (tags.size > 50) throw new AwsError('LimitExceeded', `Cannot exceed quota for TagsPer${kind}: 50`);
      return undefined;
    },
    [`Untag${kind}`](call) {
      const { tags } = find(call);
      for (const key of call.params.list('TagKeys')) tags.delete(key);
      return undefined;
    },
    [`List${kind}Tags`]: (call) => page(call, 'Tags', tagList(find(call).tags)),
  };
}

/** Tags as IAM lists them. */
export function tagList(tags: Map<string, string>): XmlValue[] {
  return [...tags].map(([Key, Value]) => ({ Key, Value }));
}

/** One page of a list: `Marker` is where it continues. */
export function page<T extends XmlValue>(call: Call, name: string, items: readonly T[]): XmlValue {
  const size = call.params.integer('MaxItems', 1, 1000) ?? 100;
  const start = Number(Buffer.from(call.params.optional('Marker') ?? '', 'base64').toString() || 0);
  const end = start + size;
  const isTruncated = end < items.length;
  return {
    [name]: items.slice(start, end),
    IsTruncated: isTruncated,
    Marker: isTruncated ? Buffer.from(String(end)).toString('base64') : undefined,
  };
}
