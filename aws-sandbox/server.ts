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
  /** @default 0 */
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

/** A role made past the IAM API. */
export interface RoleOptions {
  roleName: string;
  /** @default '/' */
  path?: string;
  trustPolicy: object | string;
  /** In seconds. @default 3600 */
  maxSessionDuration?: number;
  /** Inline policies by name. */
  inlinePolicies?: Record<string, object | string>;
  managedPolicyArns?: readonly string[];
  permissionsBoundaryArn?: string;
}

/** A running sandbox. */
export interface AwsSandbox {
  /** One endpoint for IAM and STS. */
  readonly url: string;
  /** How long STS continues not to know a new role or a changed trust policy. */
  propagationDelayMs: number;
  readonly faults: Faults;
  /** Every call so far, oldest first. */
  readonly requests: SandboxRequest[];
  /** The most calls that were open at the same time. */
  readonly mostAtOnce: number;
  /** A new account with the keys of its root and of its user `admin`. */
  createAccount(options?: { accountId?: string; partition?: string; alias?: string }): SandboxAccount;
  /** A key of a user, who is made if need be. */
  createAccessKey(accountId: string, userName: string): AccessKey;
  /** From then on AWS does not know it. */
  deleteAccessKey(accountId: string, userName: string, accessKeyId: string): void;
  /** A new key of the account's root user. */
  rootAccessKey(accountId: string): AccessKey;
  /** Creates a role; refused as IAM refuses. */
  createRole(accountId: string, role: RoleOptions): { arn: string; roleId: string };
  /**
   * The service control policies of an account, which is then in an organization. FullAWSAccess is attached too, unless
   * one of them allows something.
   */
  setServiceControlPolicies(accountId: string, policies: readonly (object | string)[]): void;
  /** Replaces a role's trust policy; refused as IAM refuses. */
  updateTrustPolicy(roleArn: string, policy: object | string): void;
  /** Deletes a role with all its policies. */
  deleteRole(roleArn: string): void;
  /** A session of a role without asking its trust policy: for a vendor's service that runs in a role. */
  createRoleSession(
    roleArn: string,
    session?: { sessionName?: string; durationSeconds?: number },
  ): TemporaryCredentials & { arn: string };
  /** Ends every open request and stops listening. */
  close(): Promise<void>;
}

/**
 * Starts a local IAM and STS.
 *
 * @example
 * const aws = await startAwsSandbox();
 * const customer = aws.createAccount();
 * new STSClient({ endpoint: aws.url, region: 'us-east-1', credentials: customer.admin });
 */
export async function startAwsSandbox(options: AwsSandboxOptions = {}): Promise<AwsSandbox> {
  const now = options.now ?? Date.now;
  const accounts = new Accounts();
  const faults = new FaultList();
  const requests: SandboxRequest[] = [];
  const closing = new AbortController();
  // Every delayed answer listens to it.
  setMaxListeners(0, closing.signal);
  const host = options.host ?? '127.0.0.1';

  let atOnce = 0;
  let mostAtOnce = 0;
  const server = createServer((request, response) => {
    atOnce++;
    mostAtOnce = Math.max(mostAtOnce, atOnce);
    response.once('close', () => atOnce--);
    const environment = {
      accounts,
      faults,
      requests,
      now,
      propagationDelayMs: () => sandbox.propagationDelayMs,
      closing: closing.signal,
    };
    answer(environment, request, response).catch(() => response.destroy());
  });
  const port = await listen(server, options.port ?? 0, host);

  const roleOf = (arn: string): Role => {
    const role = accounts.findRole(arn);
    if (!role) throw new Error(`The sandbox has no role ${arn}`);
    return role;
  };
  const changeContext = () => ({
    accounts,
    now: now(),
    propagationDelayMs: sandbox.propagationDelayMs,
  });

  const sandbox: AwsSandbox = {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    propagationDelayMs: options.propagationDelayMs ?? 0,
    faults,
    requests,
    get mostAtOnce() {
      return mostAtOnce;
    },

    createAccount(accountOptions = {}) {
      const account = accounts.create(accountOptions, now());
      const { accountId, partition, alias } = account;
      const admin = ensureUser(account, 'admin', now());
      const rootArn = `arn:${partition}:iam::${accountId}:root`;
      return {
        accountId,
        partition,
        ...(alias !== undefined && { alias }),
        root: { arn: rootArn, ...accounts.issueRootKey(account) },
        admin: { arn: admin.arn, ...accounts.issueUserKey(account, admin) },
      };
    },

    createAccessKey(accountId, userName) {
      const account = accounts.get(accountId);
      return accounts.issueUserKey(account, ensureUser(account, userName, now()));
    },

    deleteAccessKey(accountId, userName, accessKeyId) {
      if (!accounts.revokeUserKey(accounts.get(accountId), userName, accessKeyId))
        throw new Error(`The sandbox has no access key ${accessKeyId} of ${userName}`);
    },

    rootAccessKey: (accountId) => accounts.issueRootKey(accounts.get(accountId)),

    createRole(accountId, role) {
      const { arn } = createRole(
        { account: accounts.get(accountId), ...changeContext() },
        {
          name: role.roleName,
          path: role.path ?? '/',
          trustPolicy: policyText(role.trustPolicy),
          maxSessionDuration: role.maxSessionDuration,
          permissionsBoundaryArn: role.permissionsBoundaryArn,
        },
      );
      const created = roleOf(arn);
      for (const [name, policy] of Object.entries(role.inlinePolicies ?? {})) {
        checkIdentityPolicy(policyText(policy), created.account.partition);
        created.inlinePolicies.set(name, policyText(policy));
      }
      for (const policyArn of role.managedPolicyArns ?? []) created.attachedPolicyArns.add(policyArn);
      return { arn, roleId: created.roleId };
    },

    setServiceControlPolicies(accountId, policies) {
      const documents = policies.map(policyText);
      for (const document of documents) checkIdentityPolicy(document, accounts.get(accountId).partition);
      accounts.get(accountId).serviceControlPolicies = documents;
    },

    updateTrustPolicy(roleArn, policy) {
      setTrustPolicy(roleOf(roleArn), policyText(policy), changeContext());
    },

    deleteRole(roleArn) {
      const role = roleOf(roleArn);
      role.account.roles.delete(role.name.toLowerCase());
    },

    createRoleSession(roleArn, session = {}) {
      const caller = sessionCaller(roleOf(roleArn), session.sessionName ?? 'sandbox');
      const expiresAt = now() + (session.durationSeconds ?? 3600) * 1000;
      const credentials = accounts.issueSession(caller, {
        kind: 'role',
        issuedAt: now(),
        expiresAt,
        tags: new Map(),
        transitiveTagKeys: new Set(),
      });
      return { ...credentials, arn: caller.arn };
    },

    close() {
      closing.abort();
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
  return sandbox;
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
