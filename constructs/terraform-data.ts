/**
 * Terraform's built-in `terraform_data` resource.
 *
 * Not CDKTF's `DataResource`: that one starts a Terraform process for each instance at synth to ask for its
 * version, and fixes `depends_on` when it is created, while policies can still be added to the role.
 */
import { dependable, type ITerraformDependable, type LocalExecProvisioner, TerraformResource } from 'cdktf';
import type { Construct } from 'constructs';
import { tokenOf } from './token-of';

/** @internal */
export interface TerraformDataProps {
  /** Resources that this one depends on, resolved at synth, when everything has been added. */
  readonly after: () => readonly ITerraformDependable[];
  /** Values in the state, the only ones that a destroy-time provisioner can read. */
  readonly input?: Readonly<Record<string, unknown>>;
  /** A change of any of these replaces the resource. */
  readonly triggersReplace: () => Readonly<Record<string, unknown>>;
  readonly provisioner: LocalExecProvisioner;
}

/** @internal */
export class TerraformData extends TerraformResource {
  constructor(
    scope: Construct,
    id: string,
    private readonly props: TerraformDataProps,
  ) {
    super(scope, id, { terraformResourceType: 'terraform_data', provisioners: [props.provisioner] });
  }

  override get terraformMetaArguments() {
    const addresses = this.props
      .after()
      .map((element) => tokenOf(element, 'address', () => dependable(element)));
    return { ...super.terraformMetaArguments, dependsOn: [...new Set(addresses)] };
  }

  protected override synthesizeAttributes() {
    return { input: this.props.input, triggers_replace: this.props.triggersReplace() };
  }
}
