import type { ErrorCode } from '../../domain/error-catalog/index.js';
import { Time, useHref } from '../components/basics.js';
import { Icon } from '../components/icon.js';
import { verificationOf } from '../components/status.js';
import { useTexts } from '../page-context.js';
import type { Owned, Totals } from './owned.js';
import { addressOf } from './query.js';

/** Failures that say that other customers may reach the role, or that it is not whose it should be: the first to look at. */
export const securityCodes = [
  'external_id_not_required',
  'external_id_not_enforced',
  'trust_policy_unsafe',
  'account_mismatch',
] as const satisfies readonly ErrorCode[];

export function SecurityEvents({ events, totals }: { events: readonly Owned[]; totals: Totals }) {
  const { operator: texts, codes } = useTexts();
  const href = useHref();
  const open = securityCodes.reduce((sum, code) => sum + (totals.code.get(code) ?? 0), 0);
  return (
    <section class="card" aria-labelledby="security">
      <div class="card-head">
        <h2 id="security">{texts.security}</h2>
        <span class={open > 0 ? 'badge badge-danger' : 'badge badge-ok'}>{texts.open(open)}</span>
      </div>
      {events.length === 0 ? (
        <p class="section muted">{texts.noSecurity}</p>
      ) : (
        <ul class="alarms">
          {events.map(({ connection, organization }) => {
            const verification = verificationOf(connection);
            if (verification?.result !== 'failed') return null;
            return (
              <li class="alarm">
                <span class="alarm-icon">
                  <Icon name="alert" />
                </span>
                <div>
                  <b>{codes.title(verification.code)}</b>
                  <p class="small muted">
                    <strong>
                      {organization?.name} / {connection.name}
                    </strong>
                    . <span lang="en">{verification.message}</span>
                  </p>
                </div>
                <span class="small faint nowrap">
                  <Time iso={verification.finishedAt} />
                </span>
                <a
                  class="btn btn-sm"
                  href={href(`/operator/organizations/${connection.organizationId}#${connection.id}`)}
                  aria-label={texts.reviewThe(connection.name)}
                >
                  {texts.review}
                </a>
              </li>
            );
          })}
        </ul>
      )}
      {open > events.length && <AllOf totals={totals} />}
    </section>
  );
}

/** The lists of all of them, by what is wrong. */
function AllOf({ totals }: { totals: Totals }) {
  const { operator: texts, codes } = useTexts();
  const href = useHref();
  return (
    <p class="card-foot">
      {texts.allOf}
      {securityCodes
        .filter((code) => totals.code.has(code))
        .map((code) => (
          <>
            {' '}
            <a href={href(addressOf({ code }))}>
              {codes.title(code)} ({totals.code.get(code)})
            </a>
          </>
        ))}
    </p>
  );
}
