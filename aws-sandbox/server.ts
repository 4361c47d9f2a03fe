import { setMaxListeners } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AccessKey, Accounts, ensureUser, type Role, type TemporaryCredentials } from './accounts.js';
import { sessionCaller } from './assume-role.js';
import { setTrustPolicy } from './call.js';
import { answer } from './dispatch.js';
import { FaultList, type Faults } from './faults.js';
import { createRole } from './iam-roles.js';
import { checkIdentityPolicy } from './policy-document.js';
import type { SandboxRequest } from './requests.js';

/** How a sandbox starts. */
export interface AwsSandboxOptions {
  /** @default - a free one */
  port?: number;
  /** @default '127.0.0.1' */
  host?: string;
  /** Delay until STS knows a new role or a changed trust policy. @default 0 */
  propagationDelayMs?: number;
  /** The sandbox's clock, in milliseconds, so that tests can let sessions expire. @default Date.now */
  now?: () => number;
}

/** An account with the keys of its root and of its administrator. */
export interface SandboxAccount {
  accountId: string;
  partition: string;
  alias?: string;
  root: AccessKey & { arn: string };
  /** The user `admin`. */
  admin: AccessKey & { arn: string };
}

/** A role that is created without the IAM API. */
export interface RoleOptions {
  roleName: string;
  /** @default '/' */
  path?: string;
  trustPolicy: object | string;
  /** The longest session, in seconds. @default 3600 */
  maxSessionDuration?: number;
  /** Inline policies by name. */
  inlinePolicies?: Record<string, object | string>;
  managedPolicyArns?: readonly string[];
  permissionsBoundaryArn?: string;
}

/** A running sandbox. */
export type AwsSandbox = Awaited<ReturnType<typeof startAwsSandbox>>;

/**
 * Starts a local IAM and STS.
 *
 * @example
 * const aws = await startAwsSandbox();
 * const customer = aws.createAccount();
 * new STSClient({ endpoint: aws.url, region: 'us-east-1', credentials: customer.admin });
 */
export async function startAwsSandbox(options: AwsSandboxOptions = {}) {
  const { now = Date.now, host = '127.0.0.1' } = options;
  let { propagationDelayMs = 0 } = options;
  const accounts = new Accounts();
  const faultList = new FaultList();
  const faults: Faults = faultList;
  const requests: SandboxRequest[] = [];
  const closing = new AbortController();
  // Every delayed answer listens to it.
  setMaxListeners(0, closing.signal);

  const environment = {
    accounts,
    faults: faultList,
    requests,
    now,
    propagationDelayMs: () => propagationDelayMs,
    closing: closing.signal,
  };

  let atOnce = 0;
  let mostAtOnce = 0;
  const server = createServer((request, response) => {
    atOnce++;
    mostAtOnce = Math.max(mostAtOnce, atOnce);
    response.once('close', () => atOnce--);
    answer(environment, request, response).catch(() => response.destroy());
  });
  const port = await listen(server, options.port ?? 0, host);

  const roleOf = (arn: string): Role => {
    const role = accounts.findRole(arn);
    if (!role) throw new Error(`The sandbox has no role ${arn}`);
    return role;
  };
  const changeContext = () => ({ accounts, now: now(), propagationDelayMs });

  return {
    /** One endpoint for IAM and STS. */
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    faults,
    /** Every call so far, oldest first. */
    requests,
    /** Delay until STS knows a new role or a changed trust policy. */
    get propagationDelayMs() {
      return propagationDelayMs;
    },
    /** Sets it for roles and policies from now on. */
    set propagationDelayMs(delayMs) {
      propagationDelayMs = delayMs;
    },
    /** The most calls that were open at the same time. */
    get mostAtOnce() {
      return mostAtOnce;
    },

    /** A new account with the keys of its root and of its user `admin`. */
    createAccount(
      accountOptions: { accountId?: string; partition?: string; alias?: string } = {},
    ): SandboxAccount {
      const account = accounts.create(accountOptions, now());
      const { accountId, partition, alias } = account;
      const admin = ensureUser(account, 'admin', now());
      return {
        accountId,
        partition,
        ...(alias !== undefined && { alias }),
        root: { arn: `arn:${partition}:iam::${accountId}:root`, ...accounts.issueRootKey(account) },
        admin: { arn: admin.arn, ...accounts.issueUserKey(account, admin) },
      };
    },

    /** A key of a user, created if necessary. */
    createAccessKey(accountId: string, userName: string): AccessKey {
      const account = accounts.get(accountId);
      return accounts.issueUserKey(account, ensureUser(account, userName, now()));
    },

    /** Revokes an access key at once. */
    deleteAccessKey(accountId: string, userName: string, accessKeyId: string): void {
      if (!accounts.revokeUserKey(accounts.get(accountId), userName, accessKeyId))
        throw new Error(`The sandbox has no access key ${accessKeyId} of ${userName}`);
    },

    /** A new key of the account's root user. */
    rootAccessKey: (accountId: string): AccessKey => accounts.issueRootKey(accounts.get(accountId)),

    /** Creates a role; refused as IAM refuses. */
    createRole(accountId: string, options: RoleOptions): { arn: string; roleId: string } {
      const {
        roleName: name,
        path = '/',
        trustPolicy,
        inlinePolicies = {},
        managedPolicyArns = [],
        ...more
      } = options;
      const role = createRole(
        { account: accounts.get(accountId), ...changeContext() },
        { ...more, name, path, trustPolicy: policyText(trustPolicy) },
      );
      for (const [name, policy] of Object.entries(inlinePolicies)) {
        checkIdentityPolicy(policyText(policy), role.account.partition);
        role.inlinePolicies.set(name, policyText(policy));
      }
      for (const policyArn of managedPolicyArns) role.attachedPolicyArns.add(policyArn);
      return { arn: role.arn, roleId: role.roleId };
    },

    /**
     * The service control policies of an account, which is then in an organization. FullAWSAccess is attached too, unless
     * one of them allows something.
     */
    setServiceControlPolicies(accountId: string, policies: readonly (object | string)[]): void {
      const account = accounts.get(accountId);
      const documents = policies.map(policyText);
      for (const document of documents) checkIdentityPolicy(document, account.partition);
      account.serviceControlPolicies = documents;
    },

    /** Replaces a role's trust policy; refused as IAM refuses. */
    updateTrustPolicy: (roleArn: string, policy: object | string): void =>
      setTrustPolicy(roleOf(roleArn), policyText(policy), changeContext()),

    /** Deletes a role with all its policies. */
    deleteRole(roleArn: string): void {
      const role = roleOf(roleArn);
      role.account.roles.delete(role.name.toLowerCase());
    },

    /** A session of a role without asking its trust policy: for a vendor's service that runs in a role. */
    createRoleSession(
      roleArn: string,
      { sessionName = 'sandbox', durationSeconds = 3600 } = {},
    ): TemporaryCredentials & { arn: string } {
      const caller = sessionCaller(roleOf(roleArn), sessionName);
      const session = { kind: 'role', issuedAt: now(), durationSeconds } as const;
      return { ...accounts.issueSession(caller, session), arn: caller.arn };
    },

    /** Ends every open request and stops listening. */
    close(): Promise<void> {
      closing.abort();
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

function policyText(policy: object | string): string {
  return typeof policy === 'string' ? policy : JSON.stringify(policy);
}
