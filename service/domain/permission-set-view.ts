/** A permission set in words, for the page and the command line. */
import { groupBy } from './group-by.js';
import type { PermissionDenial, PermissionSet } from './permission-set.js';
import { permissionSetId } from './permission-set.js';
import { comparePermissionSets, type PermissionChange } from './permission-set-diff.js';

/** A statement in plain words. */
export interface StatementView {
  readonly sid: string;
  readonly reason: string;
  /** The customer can leave it out. */
  readonly isOptional: boolean;
  readonly isLeftOut: boolean;
  /** A line for each AWS service, such as `EC2: describe instances, start instances`. */
  readonly words: readonly string[];
  readonly actions: readonly string[];
  /** Empty: all resources. */
  readonly resources: readonly string[];
  readonly hasConditions: boolean;
}

/** A set for customers: requested permissions, denials, and changes for an existing role. */
export interface PermissionSetView {
  /** `deploy@3`. */
  readonly id: string;
  readonly title: string;
  readonly statements: readonly StatementView[];
  readonly denies: readonly StatementView[];
  readonly managedPolicies: readonly string[];
  /** Differences from the deployed version; empty without one. */
  readonly changes: readonly PermissionChange[];
}

/** @param deployed the version that the role has, to compare with */
export function viewPermissionSet(
  set: PermissionSet,
  without: readonly string[] = [],
  deployed?: PermissionSet,
): PermissionSetView {
  const view = (entry: PermissionDenial & { readonly optional?: boolean }): StatementView => ({
    sid: entry.sid,
    reason: entry.reason,
    isOptional: entry.optional ?? false,
    isLeftOut: Boolean(entry.optional) && without.includes(entry.sid),
    words: wordsOf(entry.actions),
    actions: entry.actions,
    resources: entry.resources.filter((resource) => resource !== '*'),
    hasConditions: entry.conditions !== undefined,
  });
  return {
    id: permissionSetId(set),
    title: set.title,
    statements: set.statements.map(view),
    denies: set.denies.map(view),
    managedPolicies: set.managedPolicies,
    changes: deployed ? comparePermissionSets(deployed, set) : [],
  };
}

/** A line for each AWS service, in the set's order. */
function wordsOf(actions: readonly string[]): string[] {
  const named = actions.map((action) => {
    const [service = '', name = '*'] = action === '*' ? ['every service', '*'] : action.split(':');
    return { service, words: actionWords(name) };
  });
  return [...groupBy(named, ({ service }) => service)].map(
    ([service, own]) => `${serviceName(service)}: ${own.map(({ words }) => words).join(', ')}`,
  );
}

/** `DescribeDBInstances` is "describe DB instances", `Describe*` "describe everything". */
function actionWords(name: string): string {
  if (name === '*') return 'everything';
  const words = name
    .replace(/\*$/, ' everything')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])(?=[A-Z][a-z])/g, '$1 ')
    .split(' ')
    .filter(Boolean);
  return words.map((word) => (/^[A-Z][a-z]/.test(word) ? word.toLowerCase() : word)).join(' ');
}

const serviceName = (prefix: string): string =>
  prefix === 'every service' ? 'Every service' : (names[prefix] ?? prefix.toUpperCase());

/** Prefixes that don't read as the service's name. */
const names: Readonly<Record<string, string>> = {
  autoscaling: 'Auto Scaling',
  ce: 'Cost Explorer',
  cloudformation: 'CloudFormation',
  cloudfront: 'CloudFront',
  cloudtrail: 'CloudTrail',
  cloudwatch: 'CloudWatch',
  config: 'Config',
  dynamodb: 'DynamoDB',
  elasticache: 'ElastiCache',
  elasticloadbalancing: 'Load Balancing',
  lambda: 'Lambda',
  logs: 'CloudWatch Logs',
  organizations: 'Organizations',
  route53: 'Route 53',
  secretsmanager: 'Secrets Manager',
  ssm: 'Systems Manager',
  tag: 'Resource tags',
};
