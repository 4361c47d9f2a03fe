/**
 * A local stand-in for AWS IAM and STS on the real wire protocol (AWS Query over HTTP). It evaluates trust
 * policies on AssumeRole; it does not check signatures and does not evaluate identity policies: whoever holds an
 * access key of an account may do everything that the account's own side could allow.
 */
export type { AccessKey, TemporaryCredentials } from './accounts.js';
export type { Fault, Faults } from './faults.js';
export type { SandboxRequest } from './requests.js';
export type { AwsSandbox, AwsSandboxOptions, RoleOptions, SandboxAccount } from './server.js';
export { startAwsSandbox } from './server.js';
export { evaluateTrustPolicy, type TrustDecision, type TrustRequest } from './trust-policy.js';
