import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { RolebridgeError } from '../domain/errors.js';
import type { OrganizationId } from '../domain/ids.js';
import type { Encryption, Store } from '../domain/ports.js';

/** The person of a sign-in link, as its creator stated: not verified. */
export const person = z
  .strictObject({
    id: z.string().min(1).max(128).optional(),
    name: z.string(),
    email: z.string().optional(),
  })
  .meta({ id: 'Person' });
export type Person = z.infer<typeof person>;

type Persons = {
  readonly encryption: Encryption;
  readonly store: Pick<Store, 'organization' | 'changeOrganization'>;
};

/** The encryption context of an organization's key. */
export const personKeyContext = (organizationId: OrganizationId) => `person key of ${organizationId}`;

/** Encrypts a person with a key of the organization. Since the audit log can't be changed, an erase destroys that key. */
export async function encryptPerson(
  deps: Persons,
  organizationId: OrganizationId,
  known: Person,
): Promise<string> {
  const made = deps.encryption.encrypt(randomBytes(32).toString('base64'), personKeyContext(organizationId));
  const stored =
    (await keyOf(deps, organizationId)) ??
    (
      await deps.store.changeOrganization(organizationId, (organization) =>
        organization.erasedAt ? organization : { ...organization, personKey: organization.personKey ?? made },
      )
    )?.personKey;
  if (stored === undefined)
    throw new RolebridgeError('organization_not_found', 'The organization was deleted.');
  return encryptionUnder(deps, organizationId, stored).encrypt(JSON.stringify(known), organizationId);
}

/** The person; undefined once it can't be decrypted. */
export async function openPerson(
  deps: Persons,
  organizationId: OrganizationId,
  text: string,
): Promise<Person | undefined> {
  const stored = await keyOf(deps, organizationId);
  if (stored === undefined) return undefined;
  try {
    return person.parse(JSON.parse(encryptionUnder(deps, organizationId, stored).open(text, organizationId)));
  } catch {
    return undefined;
  }
}

const keyOf = async ({ store }: Persons, organizationId: OrganizationId): Promise<string | undefined> =>
  (await store.organization(organizationId))?.personKey;

const encryptionUnder = ({ encryption }: Persons, organizationId: OrganizationId, stored: string) =>
  encryption.under(encryption.open(stored, personKeyContext(organizationId)));
