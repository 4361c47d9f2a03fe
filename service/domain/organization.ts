/** An organization: one schema, from which type, storage and answers derive. */
import { z } from 'zod';
import type { DeepReadonly } from './deep-readonly.js';
import { type OrganizationId, organizationId } from './ids.js';
import { isoTime } from './verification.js';

/** The vendor's own id. It can replace the id in paths, so it can't look like one. */
export const reference = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:@+-]{0,127}$/, 'must be 1 to 128 letters, digits or any of ._:@+-')
  .refine((text) => !/^[a-z]{3}_/.test(text), 'must not look like an id');

/** Up to 20 texts that the vendor stores with an object; the service does not interpret them. */
export const metadata = z
  .record(
    z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$/, 'must be 1 to 40 letters, digits or any of _.-'),
    z
      .string()
      .max(500)
      .regex(/^\P{Cc}*$/u, 'must not hold control characters'),
  )
  .refine((record) => Object.keys(record).length <= 20, 'must be 20 entries or less');
export type Metadata = Readonly<z.infer<typeof metadata>>;

/** Whether undeclared scopes and targets can be used. */
export const targetsMode = z.enum(['open', 'declared']);

/** A tenant of the vendor's platform. Times are ISO 8601 in UTC, everywhere in the domain. */
export const organizationSchema = z.strictObject({
  id: organizationId,
  name: z.string(),
  reference: reference.optional(),
  metadata: metadata.optional(),
  targets: targetsMode.optional(),
  /** The key for the names of its persons, encrypted with the service key. */
  personKey: z.string().optional(),
  createdAt: isoTime,
  suspendedAt: isoTime.optional(),
  /** Set when the erase starts: from then on, no lookup finds the organization. */
  erasedAt: isoTime.optional(),
});
export type Organization = DeepReadonly<z.infer<typeof organizationSchema>>;

/** The owner of the vendor's own rows: operator tokens, and endpoints for all organizations. No list contains it. */
export const operatorOrganizationId: OrganizationId = organizationId.parse('org_operatoroperatoroperator');

/** Whether the organization is one of the vendor's tenants. */
export const isListed = ({ id, erasedAt }: Pick<Organization, 'id' | 'erasedAt'>): boolean =>
  erasedAt === undefined && id !== operatorOrganizationId;
