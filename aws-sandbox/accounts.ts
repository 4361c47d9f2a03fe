import { randomBytes, randomInt } from 'node:crypto';
import { AwsError } from './aws-error.js';
import type { Policy } from './evaluate.js';

/** A long-term access key. */
export interface AccessKey {
  accessKeyId: string;
  secretAccessKey: string;
}

/** The keys of a session. */
export interface TemporaryCredentials extends AccessKey {
  sessionToken: string;
  expiration: Date;
}

/** An AWS account. Names of roles and users have no letter case when looked up, as in IAM. */
export interface Account {
  accountId: string;
  partition: string;
  alias?: string;
  createdAt: number;
  roles: Map<string, Role>;
  users: Map<string, User>;
  policies: Map<string, ManagedPolicy>;
  /** The policies of its organization; undefined while it is in none. */
  serviceControlPolicies?: string[];
}

/** Members of every IAM entity. */
export interface Entity {
  name: string;
  path: string;
  arn: string;
  createdAt: number;
  tags: Map<string, string>;
}

/** The permissions of a role or user. */
export interface Permissions {
  inlinePolicies: Map<string, string>;
  attachedPolicyArns: Set<string>;
  permissionsBoundaryArn?: string;
}

/** An IAM role. */
export interface Role extends Entity, Permissions {
  roleId: string;
  account: Account;
  description?: string;
  maxSessionDuration: number;
  /** Oldest first; STS still uses the one before while the newest is on its way. */
  trust: TrustVersion[];
  lastUsed?: { at: number; region: string };
}

/** A trust policy, and since when STS knows of it. */
export interface TrustVersion {
  text: string;
  policy: Policy;
  /** The unique ids of the roles and users that it names, as of its writing. */
  principalIds: ReadonlyMap<string, string>;
  changedAt: number;
  delayMs: number;
}

/** An IAM user. */
export interface User extends Entity, Permissions {
  userId: string;
}

/** A customer-managed policy. */
export interface ManagedPolicy extends Entity {
  policyId: string;
  description?: string;
  updatedAt: number;
  defaultVersionId: string;
  versions: Map<string, { document: string; createdAt: number }>;
  /** Version numbers are never used again. */
  lastVersion: number;
}

/** The caller. */
export interface Caller {
  account: Account;
  accessKeyId: string;
  /** The ARN that GetCallerIdentity returns. */
  arn: string;
  userId: string;
  /** The root, user or role ARN behind it, with its path: aws:PrincipalArn. */
  principalArn: string;
  userName?: string;
  session?: Session;
}

/** Temporary credentials in use: a role session, or a user's session token. */
export interface Session {
  kind: 'role' | 'user';
  sessionToken: string;
  issuedAt: number;
  expiresAt: number;
  sourceIdentity?: string;
  /** Session policies: they limit the session. */
  policies?: string[];
  tags: Map<string, string>;
  transitiveTagKeys: Set<string>;
}

type NewSession = Pick<Session, 'kind' | 'issuedAt'> &
  Partial<Pick<Session, 'sourceIdentity' | 'policies' | 'tags' | 'transitiveTagKeys'>> & {
    durationSeconds: number;
  };

const ENTITY_ARN = /^arn:[^:]+:iam::(\d{12}):(user|role)\/(?:.*\/)?([^/]+)$/;

/** Every account, with the keys of its callers. */
export class Accounts {
  private readonly accounts = new Map<string, Account>();
  private readonly callers = new Map<string, Caller & { secretAccessKey: string }>();

  create(options: { accountId?: string; partition?: string; alias?: string }, now: number): Account {
    const accountId = options.accountId ?? this.unusedAccountId();
    if (!/^\d{12}$/.test(accountId)) throw new Error(`Account id ${accountId} is not 12 digits`);
    if (this.accounts.has(accountId)) throw new Error(`Account ${accountId} is in the sandbox already`);
    const account: Account = {
      accountId,
      partition: options.partition ?? 'aws',
      createdAt: now,
      roles: new Map(),
      users: new Map(),
      policies: new Map(),
      ...(options.alias && { alias: options.alias }),
    };
    this.accounts.set(accountId, account);
    return account;
  }

  /** @throws Error for an unknown account: the test that names it has a bug */
  get(accountId: string): Account {
    const account = this.accounts.get(accountId);
    if (!account) throw new Error(`The sandbox has no account ${accountId}; createAccount makes one`);
    return account;
  }

  /** The role or user of an ARN. Path, letter case and partition must match, as for STS. */
  findEntity(arn: string): Role | User | undefined {
    const [, accountId = '', kind, name = ''] = ENTITY_ARN.exec(arn) ?? [];
    const account = this.accounts.get(accountId);
    const entities = kind === 'user' ? account?.users : account?.roles;
    const entity = entities?.get(name.toLowerCase());
    return entity?.arn === arn ? entity : undefined;
  }

  findRole(arn: string): Role | undefined {
    const entity = this.findEntity(arn);
    return entity && 'roleId' in entity ? entity : undefined;
  }

  /** The unique id of a role or user; undefined when an account of the sandbox lacks it. */
  principalId(arn: string): string | undefined {
    const entity = this.findEntity(arn);
    return entity && ('roleId' in entity ? entity.roleId : entity.userId);
  }

  /** Whether the ARN is of a role or user that its account, one of the sandbox's, doesn't have. */
  lacksPrincipal(arn: string): boolean {
    const [, accountId = ''] = ENTITY_ARN.exec(arn) ?? [];
    return this.accounts.has(accountId) && this.findEntity(arn) === undefined;
  }

  /** A new key for the account's root user. */
  issueRootKey(account: Account): AccessKey {
    const arn = `arn:${account.partition}:iam::${account.accountId}:root`;
    return this.issueKey({ account, arn, userId: account.accountId, principalArn: arn });
  }

  /** A new key for a user. */
  issueUserKey(account: Account, user: User): AccessKey {
    const { arn, userId, name: userName } = user;
    return this.issueKey({ account, arn, userId, principalArn: arn, userName });
  }

  /** The long-term keys of a user. */
  keysOfUser(account: Account, userName: string): string[] {
    return [...this.callers.values()]
      .filter((caller) => caller.account === account && caller.userName === userName && !caller.session)
      .map((caller) => caller.accessKeyId);
  }

  /** Takes a long-term key away. False when the user has no such key. */
  revokeUserKey(account: Account, userName: string, accessKeyId: string): boolean {
    const caller = this.callers.get(accessKeyId);
    if (caller?.account !== account || caller.userName !== userName || caller.session) return false;
    return this.callers.delete(accessKeyId);
  }

  /** A new session of a role or of a user, without tags unless they are given. */
  issueSession(
    caller: Omit<Caller, 'accessKeyId' | 'session'>,
    { durationSeconds, ...session }: NewSession,
  ): TemporaryCredentials {
    const sessionToken = `FwoGZXIvYXdzE${randomBytes(132).toString('base64')}`;
    const expiresAt = session.issuedAt + durationSeconds * 1000;
    const noTags = { tags: new Map(), transitiveTagKeys: new Set<string>() };
    const whole: Session = { ...noTags, ...session, expiresAt, sessionToken };
    return {
      ...this.issueKey({ ...caller, session: whole }, 'ASIA'),
      sessionToken,
      expiration: new Date(expiresAt),
    };
  }

  /** The owner of this key; throws AWS's errors. */
  authenticate(
    accessKeyId: string | undefined,
    sessionToken: string | undefined,
    now: number,
    checkSignature: (secretAccessKey: string) => void,
  ): Caller {
    if (!accessKeyId)
      throw new AwsError('MissingAuthenticationToken', 'Request is missing Authentication Token');
    const caller = this.callers.get(accessKeyId);
    if (!caller || caller.session?.sessionToken !== sessionToken)
      throw new AwsError('InvalidClientTokenId', 'The security token included in the request is invalid.');
    checkSignature(caller.secretAccessKey);
    if (caller.session && caller.session.expiresAt <= now)
      throw new AwsError('ExpiredToken', 'The security token included in the request is expired');
    return caller;
  }

  /** The account that a key was issued by, also when it has expired. */
  accountOfKey(accessKeyId: string): Account | undefined {
    return this.callers.get(accessKeyId)?.account;
  }

  private issueKey(caller: Omit<Caller, 'accessKeyId'>, prefix = 'AKIA'): AccessKey {
    const accessKeyId = uniqueId(prefix).slice(0, 20);
    const key = { accessKeyId, secretAccessKey: randomBytes(30).toString('base64') };
    this.callers.set(accessKeyId, { ...caller, ...key });
    return key;
  }

  private unusedAccountId(): string {
    for (;;) {
      const accountId = String(randomInt(100_000_000_000, 200_000_000_000));
      if (!this.accounts.has(accountId)) return accountId;
    }
  }
}

/** A unique id of IAM's form: `AROA…` for a role, `AIDA…` for a user, `ANPA…` for a policy. */
export function uniqueId(prefix: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  return prefix + Array.from(randomBytes(17), (byte) => alphabet[byte % 32]).join('');
}

/** A user of an account, created if necessary. */
export function ensureUser(
  account: Account,
  name: string,
  now: number,
  { path = '/', tags = new Map<string, string>() } = {},
): User {
  const existing = account.users.get(name.toLowerCase());
  if (existing) return existing;
  const arn = `arn:${account.partition}:iam::${account.accountId}:user${path}${name}`;
  const user: User = {
    userId: uniqueId('AIDA'),
    name,
    path,
    arn,
    createdAt: now,
    tags,
    inlinePolicies: new Map(),
    attachedPolicyArns: new Set(),
  };
  account.users.set(name.toLowerCase(), user);
  return user;
}
