/**
 * `@rolebridge/constructs`: the constructs that a customer adds to a CDKTF stack. Exports only.
 *
 * - `aws-connection`: role and callback in one
 * - `cross-account-role`, `connection-callback`: the two separately
 * - `connection-health`: the connection's health in the plan
 * - `iam/`: the IAM documents and permission sets, as plain data
 * - `props/`: the rules for props, one source each
 * - `callback/`: the program that Terraform starts; it depends on Node alone, and is built into every template
 * - `init/`: `npx @rolebridge/constructs`
 *
 * Nothing of the service belongs here, and no run-time dependency besides the peers.
 */
export { AwsConnection, type AwsConnectionProps } from './aws-connection';
export {
  type CallbackOptions,
  ConnectionCallback,
  type ConnectionCallbackProps,
  type ConnectionScope,
} from './connection-callback';
export type { ConnectionHealth } from './connection-health';
export { CrossAccountRole } from './cross-account-role';
export type { CrossAccountRoleProps, RoleWarning } from './cross-account-role-props';
export { PermissionSet, type PermissionSetOptions } from './iam/permission-set';
export type { PermissionPreset, Permissions, PolicyStatement } from './iam/permissions';
export type { Partition } from './iam/trust-policy';
