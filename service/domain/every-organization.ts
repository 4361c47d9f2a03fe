import type { OrganizationId } from './ids.js';
import { type Organization, operatorOrganizationId } from './organization.js';
import type { Store } from './ports.js';

/** Every organization that has rows with secrets, the operator's first. */
export async function* everyOrganization(
  store: Pick<Store, 'organizations'>,
): AsyncGenerator<Pick<Organization, 'id' | 'personKey'>> {
  yield { id: operatorOrganizationId };
  for (let after: OrganizationId | undefined; ; ) {
    const { organizations, hasMore } = await store.organizations({ limit: 100, after });
    yield* organizations;
    after = organizations.at(-1)?.id;
    if (!hasMore) return;
  }
}
