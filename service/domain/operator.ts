/** The vendor's own staff and backend, across organizations. */
import { hash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Actor } from './audit.js';
import { permissions } from './permission.js';

/** The permissions within an organization, for every organization, and two for organizations themselves. */
export const operatorPermissions = [...permissions, 'organizations:read', 'organizations:write'] as const;
export type OperatorPermission = (typeof operatorPermissions)[number];

/** Permissions of a read-only token. */
export const readingPermissions: readonly OperatorPermission[] = [
  'connections:read',
  'audit:read',
  'organizations:read',
];

/** The stored data of an operator's token, beside its hash. */
export const operatorTokenData = z.strictObject({
  id: z.string(),
  name: z.string(),
  permissions: z.array(z.enum(operatorPermissions)).min(1),
  lastUsedAt: z.string().optional(),
});
export type OperatorTokenData = Readonly<z.infer<typeof operatorTokenData>>;

/** A link to the operator's page: one sign-in with the permissions of its token, while the token is valid. */
export const operatorLinkData = z.strictObject({ tokenHash: z.string() });

/** The caller with an operator's token. The token from the settings has no id. */
export interface Operator {
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly permissions: readonly OperatorPermission[];
}

/** The operator as the actor of an audit record. */
export const operatorActor = ({ id, name }: Pick<Operator, 'id' | 'name'>): Actor => ({
  kind: 'operator',
  ...(id !== undefined && { id, name }),
});

/** `rbo_` and 256 random bits: its hash finds and proves it. */
export const newOperatorTokenText = (): string => `rbo_${randomBytes(32).toString('base64url')}`;
export const isOperatorTokenText = (text: string): boolean => /^rbo_[A-Za-z0-9_-]{43}$/.test(text);
export const hashOperatorToken = (text: string): string => hash('sha256', text);
