import { z } from 'zod';
import type { OrganizationId } from '../domain/ids.js';
import type { Encryption } from '../domain/ports.js';

/** Who a sign-in link was made for, as its maker said: nobody has verified it. */
export const person = z.strictObject({
  id: z.string().min(1).max(128).optional(),
  name: z.string(),
  email: z.string().optional(),
});
export type Person = z.infer<typeof person>;

type Persons = { readonly encryption: Encryption };

const contextOf = (organizationId: OrganizationId) => `person of ${organizationId}`;

/** Names and addresses of persons are stored encrypted only. */
export const encryptPerson = async (
  { encryption }: Persons,
  organizationId: OrganizationId,
  known: Person,
): Promise<string> => encryption.encrypt(JSON.stringify(known), contextOf(organizationId));

/** Undefined when it can't be decrypted any more. */
export async function openPerson(
  { encryption }: Persons,
  organizationId: OrganizationId,
  text: string,
): Promise<Person | undefined> {
  try {
    return person.parse(JSON.parse(encryption.open(text, contextOf(organizationId))));
  } catch {
    return undefined;
  }
}
