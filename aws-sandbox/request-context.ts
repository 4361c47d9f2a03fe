import type { Caller, Role } from './accounts.js';
import type { Call } from './call.js';
import type { ConditionContext } from './conditions.js';
import type { Tag } from './parameters.js';
import { awsTime } from './query-protocol.js';

/** The validated parameters of an AssumeRole call. */
export interface AssumeRoleRequest {
  roleArn: string;
  sessionName: string;
  externalId: string | undefined;
  durationSeconds: number;
  /** Sent, or set by an earlier session of the chain. */
  sourceIdentity: string | undefined;
  tags: Tag[];
  transitiveTagKeys: string[];
}

type Entry = [key: string, values: readonly string[]];

/**
 * The global condition keys of a request. Those that AWS would not have sent either (the caller is in no
 * organization, behind no VPC endpoint, called by no service) are left out: they are absent.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 */
export function contextOfCaller(call: Call): Entry[] {
  const { caller, now, origin } = call;
  return [
    ...contextOfIdentity(caller),
    ...one('aws:sourceip', origin.sourceIp || undefined),
    ...one('aws:useragent', origin.userAgent),
    ...one('aws:referer', origin.referer),
    ['aws:requestedregion', [call.region]],
    ['aws:securetransport', ['true']],
    ['aws:currenttime', [new Date(now).toISOString()]],
    ['aws:epochtime', [String(Math.floor(now / 1000))]],
    ['aws:viaawsservice', ['false']],
  ];
}

/** Condition keys of a caller without a request. */
export function contextOfIdentity(caller: Omit<Caller, 'accessKeyId'>): Entry[] {
  const { session } = caller;
  const isRoot = caller.principalArn.endsWith(':root');
  return [
    ['aws:principalarn', [caller.principalArn]],
    ['aws:principalaccount', [caller.account.accountId]],
    ['aws:principaltype', [session?.kind === 'role' ? 'AssumedRole' : isRoot ? 'Account' : 'User']],
    ['aws:principalisawsservice', ['false']],
    ['aws:userid', [caller.userId]],
    ...one('aws:username', caller.userName),
    ...one('aws:sourceidentity', session?.sourceIdentity),
    ...one('aws:multifactorauthpresent', session && 'false'),
    ...one('aws:tokenissuetime', session && awsTime(session.issuedAt)),
    ...tagEntries('aws:principaltag', session?.tags ?? []),
  ];
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html */
export function contextOfAssumeRole(call: Call, request: AssumeRoleRequest, role: Role): ConditionContext {
  const tags = request.tags.map(({ Key, Value }) => [Key, Value] as const);
  return new Map<string, readonly string[]>([
    ...contextOfCaller(call),
    ...one('sts:externalid', request.externalId),
    ...one('sts:sourceidentity', request.sourceIdentity),
    ['sts:rolesessionname', [request.sessionName]],
    ['sts:transitivetagkeys', request.transitiveTagKeys],
    ['aws:tagkeys', request.tags.map((tag) => tag.Key)],
    ...tagEntries('aws:requesttag', tags),
    ['aws:resourceaccount', [role.account.accountId]],
    ...tagEntries('aws:resourcetag', role.tags),
    ...tagEntries('iam:resourcetag', role.tags),
  ]);
}

function one(key: string, value: string | undefined): Entry[] {
  return value === undefined ? [] : [[key, [value]]];
}

function tagEntries(prefix: string, tags: Iterable<readonly [string, string]>): Entry[] {
  return [...tags].map(([key, value]) => [`${prefix}/${key.toLowerCase()}`, [value]]);
}
