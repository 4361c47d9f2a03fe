import { Fold } from '../components/basics.js';
import { CopyRows } from '../components/code.js';
import { useTexts } from '../page-context.js';
import type { RoleStep } from './role-step-state.js';

/** Values of the role, to copy one by one. */
export function RoleValues({ trust, principal }: Pick<RoleStep, 'trust' | 'principal'>) {
  const texts = useTexts().setup;
  return (
    <>
      <CopyRows
        rows={[
          trust.pendingExternalId
            ? [texts.newExternalId, trust.pendingExternalId]
            : [texts.externalId, trust.externalId],
          [texts.principal, principal],
        ]}
      />
      <Fold title={texts.whatIsExternalId}>
        <p class="help">{texts.whatIsExternalIdAnswer}</p>
      </Fold>
    </>
  );
}
