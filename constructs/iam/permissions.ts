/**
 * The role's permissions as plain data: presets, managed policies and custom statements. Pure: nothing here
 * knows of CDKTF.
 */
import { withValues } from './policy-values';
import rolePolicies from './role-policies.json';
import type { Partition } from './trust-policy';

/**
 * A permission set with a name, each an AWS managed policy.
 *
 * | preset | AWS managed policy |
 * | --- | --- |
 * | `read-only` | `ReadOnlyAccess` |
 * | `power-user` | `PowerUserAccess` |
 * | `administrator` | `AdministratorAccess` |
 * | `security-audit` | `SecurityAudit` |
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_job-functions.html
 */
export type PermissionPreset = 'read-only' | 'power-user' | 'administrator' | 'security-audit';

export const PRESET_POLICIES: Readonly<Record<PermissionPreset, string>> = rolePolicies.presets;

/**
 * One statement of an identity policy, with IAM's own elements.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
 */
export interface PolicyStatement {
  /**
   * The statement's id: letters and digits.
   * @default - none
   * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html
   */
  readonly sid?: string;
  /**
   * Whether the statement allows or denies.
   * @default 'Allow'
   * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_effect.html
   */
  readonly effect?: 'Allow' | 'Deny';
  /**
   * The actions, such as `s3:GetObject`. Either this or `notActions`.
   * @default - `notActions` is given
   * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
   */
  readonly actions?: string[];
  /**
   * Every action but these. Either this or `actions`.
   * @default - `actions` is given
   * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notaction.html
   */
  readonly notActions?: string[];
  /**
   * The ARNs that the statement is about. Either this or `notResources`.
   * @default - `notResources` is given
   * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
   */
  readonly resources?: string[];
  /**
   * Every resource but these. Either this or `resources`.
   * @default - `resources` is given
   * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notresource.html
   */
  readonly notResources?: string[];
  /**
   * Conditions: operator, key, value or values.
   * @default - none
   * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html
   */
  readonly conditions?: { readonly [operator: string]: { readonly [key: string]: string | string[] } };
}

/**
 * The permissions of the role in this account.
 */
export interface Permissions {
  /**
   * A permission set with a name.
   * @default - none
   * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_job-functions.html
   */
  readonly preset?: PermissionPreset;
  /**
   * Managed policies: names of AWS's own (`job-function/ViewOnlyAccess` with its path), or ARNs of any. A token
   * has to be an ARN.
   * @default - none
   * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html
   */
  readonly managedPolicies?: string[];
  /**
   * Statements for a policy inside the role.
   * @default - none
   * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
   */
  readonly statements?: PolicyStatement[];
}

/** The role can read itself and simulate its own permissions, and no other role's. */
export const selfInspectionPolicy = (roleArn: string): PolicyDocument =>
  withValues({ Version: '2012-10-17', Statement: [rolePolicies.selfInspection] }, { '{roleArn}': roleArn });

/** A policy document as IAM reads it. */
export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Readonly<Record<string, unknown>>[];
}

/** The ARN of a managed policy, from its name or from an ARN. */
export function managedPolicyArn(nameOrArn: string, partition: Partition): string {
  const isArnOrToken = nameOrArn.startsWith('arn:') || nameOrArn.includes('${');
  return isArnOrToken ? nameOrArn : `arn:${partition}:iam::aws:policy/${nameOrArn}`;
}

/** The document for an inline policy; keys in the order in which IAM's guide writes them. */
export function policyDocument(statements: readonly PolicyStatement[]): PolicyDocument {
  return { Version: '2012-10-17', Statement: statements.map(statementDocument) };
}

function statementDocument(statement: PolicyStatement): Record<string, unknown> {
  const elements: [string, unknown][] = [
    ['Sid', statement.sid],
    ['Effect', statement.effect ?? 'Allow'],
    ['Action', statement.actions],
    ['NotAction', statement.notActions],
    ['Resource', statement.resources],
    ['NotResource', statement.notResources],
    ['Condition', statement.conditions],
  ];
  return Object.fromEntries(elements.filter(([, value]) => value !== undefined));
}

/** Whether the managed policy is AWS's `AdministratorAccess`. */
export function isAdministratorPolicy(arn: string): boolean {
  return /^arn:[^:]+:iam::aws:policy\/AdministratorAccess$/.test(arn);
}

/** Whether the statement allows every action on every resource, under no condition. */
export function isAdministratorStatement(statement: PolicyStatement): boolean {
  const isEverything = (values?: readonly string[]) =>
    values?.some((value) => value === '*' || value === '*:*') ?? false;
  return (
    statement.effect !== 'Deny' &&
    statement.conditions === undefined &&
    isEverything(statement.actions) &&
    isEverything(statement.resources)
  );
}
