/** The dry run before a role is created: are secret, URL, external ID and account right? */
import type { Construct } from 'constructs';
import { type CallbackSettings, callbackEnvironment, labelOf, runScript } from './callback-provisioner';
import type { CrossAccountRole } from './cross-account-role';
import { TerraformData } from './terraform-data';

/** @internal */
export interface ConnectionCheckProps extends CallbackSettings {
  readonly vendorName: string;
  readonly role: CrossAccountRole;
}

/**
 * Sends `connection.check` when it is created and when its inputs change; a plan runs nothing.
 * @internal
 */
export function checkBeforeRole(scope: Construct, id: string, props: ConnectionCheckProps): void {
  const { role } = props;
  const accountId = role._callerAccountId();
  const check = new TerraformData(scope, id, {
    after: () => [],
    triggersReplace: () => ({
      connection_id: props.connectionId,
      callback_url: props.callbackUrl,
      account_id: accountId,
      ...role._callbackEnvironment(),
    }),
    provisioner: runScript(scope, {
      ...callbackEnvironment('connection.check', props, labelOf(props.vendorName)),
      CONNECT_ACCOUNT_ID: accountId,
      ...role._callbackEnvironment(),
    }),
  });
  role._createAfter(check);
}
