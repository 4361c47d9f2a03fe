/** How Terraform runs the callback script. */
import * as path from 'node:path';
import {
  AssetType,
  Fn,
  type LocalExecProvisioner,
  TerraformAsset,
  TerraformStack,
  type TerraformVariable,
  Token,
} from 'cdktf';
import type { Construct } from 'constructs';

/** @internal */
export interface CallbackSettings {
  readonly connectionId: string;
  readonly callbackUrl: string;
  readonly callbackTimeoutSeconds?: number;
  readonly callbackSecret?: TerraformVariable;
}

/** The environment of every event but a deregistration. */
export function callbackEnvironment(
  event: string,
  settings: CallbackSettings,
  label: string,
): Record<string, string> {
  return {
    CONNECT_EVENT: event,
    CONNECT_LABEL: label,
    CONNECT_CALLBACK_URL: settings.callbackUrl,
    CONNECT_CONNECTION_ID: settings.connectionId,
    CONNECT_DEADLINE_SECONDS: String(settings.callbackTimeoutSeconds ?? 120),
    ...(settings.callbackSecret && {
      CONNECT_CALLBACK_SECRET_FROM_VARIABLE: nonsensitive(settings.callbackSecret.value),
    }),
  };
}

/** Runs the script without a shell, so that no value can be a command. */
export function runScript(scope: Construct, environment: Record<string, string>): LocalExecProvisioner {
  return { type: 'local-exec', interpreter: ['node'], command: scriptPath(scope), environment };
}

/** The script once per stack, beside the synthesized stack. */
export function scriptPath(scope: Construct): string {
  const stack = TerraformStack.of(scope);
  const id = 'rolebridge-callback';
  const asset =
    (stack.node.tryFindChild(id) as TerraformAsset | undefined) ??
    new TerraformAsset(stack, id, {
      path: path.join(__dirname, 'callback-script', 'rolebridge-callback.cjs'),
      type: AssetType.FILE,
    });
  return asset.path;
}

/**
 * Terraform hides everything that a provisioner prints when its configuration holds a sensitive value: the reason of
 * a refusal too. The script prints no secret, so it may be read. `nonsensitive()` fails on a value that isn't sensitive,
 * so the value is marked first.
 */
export function nonsensitive(value: unknown): string {
  return Token.asString(Fn.nonsensitive(Fn.sensitive(value)));
}

/** The start of each line of output; also a word of a shell command. */
export const labelOf = (name: string): string => name.replace(/[^A-Za-z0-9._-]/g, '-').slice(0, 32);
