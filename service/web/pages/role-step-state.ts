import type { Connection, RoleRegistration } from '../../domain/connection.js';
import type { PermissionPreset } from '../../templates/index.js';
import type { CheckResult } from '../check-result.js';
import type { Format, RoleTemplate } from '../role-formats.js';

/** The second step with that format chosen; of a connection that has had a role, on top of what is connected. */
export const roleStepPath = (
  { connection, permissions }: Pick<RoleStep, 'connection' | 'permissions'>,
  format: Format,
): string =>
  `/connections/${connection.id}/setup?${new URLSearchParams({
    ...(connection.status !== 'pending' && { step: 'role' }),
    permissions,
    format,
  })}`;

/** State of the second step: the role to create, and its last check. */
export interface RoleStep {
  readonly connection: Connection;
  readonly trust: RoleRegistration;
  readonly principal: string;
  readonly permissions: PermissionPreset;
  readonly format: Format;
  readonly template: RoleTemplate;
  /** Just created; shown only once. */
  readonly callbackSecret?: string | undefined;
  /** Just created, with a set-up code in it; shown only once. */
  readonly setupCommand?: string | undefined;
  /** The expiry of the set-up code, if there is one. */
  readonly setupCodeExpiresAt?: string | undefined;
  /** The last entered or reported role. */
  readonly roleArn: string;
  readonly arnError?: string | undefined;
  readonly result?: CheckResult | undefined;
}
