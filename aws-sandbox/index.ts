/**
 * A local AWS IAM and STS on the real wire protocol (AWS Query over HTTP). It evaluates trust policies on AssumeRole
 * with every operator and key of AWS's reference, and identity-based policies, permissions boundaries, session policies
 * and service control policies on IAM calls, AssumeRole and SimulatePrincipalPolicy.
 */
export type { AccessKey, TemporaryCredentials } from './accounts.js';
export type { ConditionContext } from './conditions.js';
export type { PolicyKind } from './denial.js';
export {
  evaluateTrustPolicy,
  type TrustCaller,
  type TrustDecision,
  type TrustRequest,
} from './evaluate.js';
export type { Fault, Faults } from './faults.js';
export { roleIds } from './iam-roles.js';
export type { SandboxRequest } from './requests.js';
export type { AwsSandbox, AwsSandboxOptions, RoleOptions, SandboxAccount } from './server.js';
export { startAwsSandbox } from './server.js';
