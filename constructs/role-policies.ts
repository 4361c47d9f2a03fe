/** The policies of one role: managed ones that are attached, and the one inside it. */
import { IamPolicy } from '@cdktf/provider-aws/lib/iam-policy';
import type { IamRole } from '@cdktf/provider-aws/lib/iam-role';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy';
import { IamRolePolicyAttachment } from '@cdktf/provider-aws/lib/iam-role-policy-attachment';
import { dependable, type ITerraformDependable, Lazy, type TerraformProvider } from 'cdktf';
import type { Construct } from 'constructs';
import { attachmentIdOf } from './iam/attachment-id';
import { documentJson, fingerprint } from './iam/document-json';
import {
  isAdministratorPolicy,
  isAdministratorStatement,
  managedPolicyArn,
  type PolicyStatement,
  policyDocument,
  selfInspectionPolicy,
} from './iam/permissions';
import type { Partition } from './iam/trust-policy';
import { splitByQuota } from './role-quotas';
import { tokenOf } from './token-of';

/** @internal */
export interface RolePoliciesProps {
  readonly role: IamRole;
  readonly roleName: string;
  readonly partition: Partition;
  /** The prefix of the names of managed policies that the role's statements need. */
  readonly namePrefix: string;
  readonly provider: { readonly provider?: TerraformProvider };
}

/** @internal */
export class RolePolicies {
  /** Whether one of them allows everything. */
  isAdministrator = false;

  private readonly attachments = new Map<string, IamRolePolicyAttachment>();
  private readonly statements: PolicyStatement[] = [];
  private inline?: IamRolePolicy;
  private selfInspection?: IamRolePolicy;
  /** A role that is replaced under its old name has lost its policies, and Terraform knows them by that name only. */
  private readonly common;

  constructor(
    private readonly scope: Construct,
    private readonly props: RolePoliciesProps,
  ) {
    const replaceTriggeredBy = [`${dependable(props.role)}.unique_id`];
    this.common = { role: props.roleName, lifecycle: { replaceTriggeredBy }, ...props.provider };
  }

  get attached(): number {
    return this.attachments.size;
  }

  allowSelfInspection(roleArn: string): void {
    const policy = documentJson(selfInspectionPolicy(roleArn));
    const name = 'self-inspection';
    this.selfInspection = new IamRolePolicy(this.scope, name, { name, policy, ...this.common });
  }

  /** The same policy twice is attached once. */
  attach(nameOrArn: string): void {
    const policyArn = managedPolicyArn(nameOrArn, this.props.partition);
    const id = attachmentIdOf(this.scope, policyArn);
    if (this.attachments.has(id)) return;
    this.attachments.set(id, new IamRolePolicyAttachment(this.scope, id, { policyArn, ...this.common }));
    this.isAdministrator ||= isAdministratorPolicy(policyArn);
  }

  /** Statements beyond the inline policy limit go into managed policies. */
  addAll(statements: readonly PolicyStatement[]): void {
    const [inline = [], ...more] = splitByQuota(statements);
    this.add(inline);
    for (const [index, part] of more.entries()) {
      const policy = new IamPolicy(this.scope, `statements-${index + 2}`, {
        namePrefix: this.props.namePrefix,
        policy: documentJson(policyDocument(part)),
        ...this.props.provider,
      });
      this.attach(policy.arn);
      this.isAdministrator ||= part.some(isAdministratorStatement);
    }
  }

  /** Adds statements to the inline policy. */
  add(statements: readonly PolicyStatement[]): void {
    if (statements.length === 0) return;
    this.statements.push(...statements);
    this.inline ??= new IamRolePolicy(this.scope, 'policy', {
      name: 'vendor-access',
      policy: Lazy.stringValue({ produce: () => this.inlineJson() }),
      ...this.common,
    });
    this.isAdministrator ||= statements.some(isAdministratorStatement);
  }

  dependencies(): ITerraformDependable[] {
    const inline = [this.selfInspection, this.inline].filter((policy) => policy !== undefined);
    return [...this.attachments.values(), ...inline];
  }

  /** The JSON of the inline policy; empty without statements. */
  inlineJson(): string {
    return this.statements.length === 0 ? '' : documentJson(policyDocument(this.statements));
  }

  /** Changes exactly when one of the policies does. */
  fingerprints(): Record<string, string | string[]> {
    const inlineJson = this.inlineJson();
    // Through the attachments, so that a resource that reads this waits for them.
    const attached = [...this.attachments.values()].map((attachment) =>
      tokenOf(attachment, 'policyArn', () => attachment.policyArn),
    );
    return {
      managed_policies: attached.sort(),
      inline_policy: inlineJson === '' ? '' : fingerprint(inlineJson),
      self_inspection: String(this.selfInspection !== undefined),
    };
  }
}
