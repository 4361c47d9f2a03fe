import { iamQuotas, iamStatement, permissionSetId } from '../domain/permission-set.js';
import type { RolePermissions } from './permissions.js';

type Statement = ReturnType<typeof iamStatement>;

/** The policies of a role with a permission set. */
export interface SetPolicies {
  /** `deploy@3`. */
  readonly id: string;
  /** The omitted optional statements, separated by commas. */
  readonly without: string;
  /** The statements of the inline policy. */
  readonly inline: readonly Statement[];
  /** The statements beyond the limit of the inline policy, for managed policies. */
  readonly managed: readonly (readonly Statement[])[];
}

/** Leaves room for the self-inspection policy. */
const inlineRoom = iamQuotas.inline - 500;

/** Undefined for a role without a permission set. */
export function setPoliciesOf({
  permissions,
}: {
  readonly permissions: RolePermissions;
}): SetPolicies | undefined {
  if (typeof permissions === 'string' || !('set' in permissions)) return undefined;
  const { set, without } = permissions;
  const [inline = [], ...managed] = splitByQuota([
    ...set.statements
      .filter(({ sid, optional }) => !(optional && without.includes(sid)))
      .map((statement) => iamStatement(statement, 'Allow')),
    ...set.denies.map((denial) => iamStatement(denial, 'Deny')),
  ]);
  return { id: permissionSetId(set), without: without.join(','), inline, managed };
}

export const policyDocument = (statements: readonly object[]) => ({
  Version: '2012-10-17',
  Statement: statements,
});

/** Splits the statements, in order, into an inline policy and managed ones. IAM doesn't count white space. */
function splitByQuota(statements: readonly Statement[]): Statement[][] {
  const parts: Statement[][] = [[]];
  for (const statement of statements) {
    const part = parts.at(-1) ?? [];
    const room = parts.length === 1 ? inlineRoom : iamQuotas.managed;
    if (JSON.stringify(policyDocument([...part, statement])).length <= room) part.push(statement);
    else parts.push([statement]);
  }
  return parts;
}
