import type { AuditAction, AuditEvent, Requester } from '../domain/audit.js';
import { RolebridgeError } from '../domain/errors.js';
import { isListed, type Organization } from '../domain/organization.js';
import { audited } from './audited.js';
import { type Dependencies, isoNow } from './dependencies.js';

type Deps = Pick<Dependencies, 'store' | 'clock'>;

export interface OrganizationChange {
  readonly name?: string | undefined;
  /** Null removes the reference. */
  readonly reference?: string | null | undefined;
  readonly metadata?: Organization['metadata'];
  readonly targets?: Organization['targets'];
}

/** @throws RolebridgeError `reference_taken`, `organization_not_found` */
export function changeOrganization(
  deps: Deps,
  by: Requester,
  before: Organization,
  { name, reference, metadata, targets }: OrganizationChange,
): Promise<Organization> {
  const details = {
    ...(name !== undefined && { name }),
    ...(reference !== undefined && { reference: reference ?? '' }),
    ...(metadata !== undefined && { metadata: Object.keys(metadata).join(', ') }),
    ...(targets !== undefined && { targets }),
  };
  return change(deps, by, 'organization.change', before, details, (stored) => ({
    ...stored,
    name: name ?? stored.name,
    metadata: metadata ?? stored.metadata,
    targets: targets ?? stored.targets,
    reference: reference === undefined ? stored.reference : (reference ?? undefined),
  }));
}

/** Stops credentials, pages and changes. Deregistration and re-verification continue. */
export function suspendOrganization(deps: Deps, by: Requester, before: Organization): Promise<Organization> {
  return change(deps, by, 'organization.suspend', before, {}, (stored) => ({
    ...stored,
    suspendedAt: stored.suspendedAt ?? isoNow(deps.clock),
  }));
}

/** Ends the suspension. */
export function resumeOrganization(deps: Deps, by: Requester, before: Organization): Promise<Organization> {
  return change(deps, by, 'organization.resume', before, {}, ({ suspendedAt: _, ...stored }) => stored);
}

function change(
  deps: Deps,
  by: Requester,
  action: AuditAction,
  { id }: Organization,
  details: NonNullable<AuditEvent['details']>,
  next: (stored: Organization) => Organization,
): Promise<Organization> {
  return audited(deps, by, { action, organizationId: id, details }, async () => {
    const changed = await deps.store.changeOrganization(id, (stored) =>
      isListed(stored) ? next(stored) : stored,
    );
    if (changed && isListed(changed)) return changed;
    throw new RolebridgeError('organization_not_found', 'The organization was deleted in the meantime.');
  });
}
