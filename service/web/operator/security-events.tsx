import { verificationOf } from '../../domain/connection.js';
import { securityCodes } from '../../domain/webhook-message.js';
import { ButtonLink, Card, Link, Time } from '../components/basics.js';
import { Icon } from '../components/icon.js';
import { useTexts } from '../page-context.js';
import { addressOf, connectionPath, type Owned, type Totals } from './query.js';

export function SecurityEvents({ events, totals }: { events: readonly Owned[]; totals: Totals }) {
  const { operator: texts, list, codes } = useTexts();
  const open = securityCodes.reduce((sum, code) => sum + (totals.code.get(code) ?? 0), 0);
  return (
    <Card
      id="security"
      title={texts.security}
      beside={<span class={open > 0 ? 'badge badge-danger' : 'badge badge-ok'}>{texts.open(open)}</span>}
    >
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
                <span class="small faint">
                  <Time iso={verification.finishedAt} />
                </span>
                <ButtonLink
                  path={connectionPath(connection)}
                  size="sm"
                  label={list.reviewThe(connection.name)}
                >
                  {list.review}
                </ButtonLink>
              </li>
            );
          })}
        </ul>
      )}
      {open > events.length && <AllOf totals={totals} />}
    </Card>
  );
}

/** The lists of all of them, by what is wrong. */
function AllOf({ totals }: { totals: Totals }) {
  const { operator: texts, codes } = useTexts();
  return (
    <p class="card-foot">
      {texts.allOf}
      {securityCodes
        .filter((code) => totals.code.has(code))
        .map((code) => (
          <>
            {' '}
            <Link path={addressOf({ code })}>
              {codes.title(code)} ({totals.code.get(code)})
            </Link>
          </>
        ))}
    </p>
  );
}
