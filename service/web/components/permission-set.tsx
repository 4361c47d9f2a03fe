import type { PermissionSetView, StatementView } from '../../domain/permission-set-view.js';
import { useTexts } from '../page-context.js';
import { Fold } from './basics.js';
import { Icon } from './icon.js';

/**
 * The statements of a set in plain words, each with its reason; optional ones can be excluded where `choose` names the
 * field. `missing` are those that the role does not allow in full.
 */
export function PermissionSetStatements(props: {
  view: PermissionSetView;
  choose?: string;
  missing?: ReadonlySet<string>;
}) {
  const { view, choose, missing } = props;
  const { sets: texts } = useTexts();
  return (
    <>
      <ul class="perms">
        {view.statements.map((statement) =>
          statement.isOptional && choose ? (
            <li>
              <label class="perm">
                <input
                  class="tick"
                  type="checkbox"
                  name={choose}
                  value={statement.sid}
                  checked={!statement.isLeftOut}
                />
                <span>
                  <StatementWords statement={statement} />
                </span>
                <span class="tag">{texts.optional}</span>
              </label>
            </li>
          ) : (
            <li class="perm">
              <StatementIcon statement={statement} isMissing={missing?.has(statement.sid) ?? false} />
              <div>
                <StatementWords statement={statement} />
              </div>
              <span class="tag">{statement.isOptional ? texts.optional : texts.required}</span>
            </li>
          ),
        )}
        {view.denies.map((statement) => (
          <li class="perm">
            <Icon name="lock" kind="i-quiet" />
            <div>
              <StatementWords statement={statement} prefix={texts.never} />
            </div>
            <span class="tag">{texts.denied}</span>
          </li>
        ))}
      </ul>
      <Fold title={texts.actions(view.id)}>
        <ul class="help list">
          {[...view.statements, ...view.denies].map(({ sid, actions, resources, hasConditions }) => (
            <li>
              <strong>{sid}</strong>: <code class="break">{actions.join(', ')}</code>
              {resources.length > 0 && (
                <>
                  {' '}
                  {texts.only} <code class="break">{resources.join(', ')}</code>
                </>
              )}
              {hasConditions && ` ${texts.conditions}`}
            </li>
          ))}
          {view.managedPolicies.length > 0 && (
            <li>
              {texts.managed}: <code class="break">{view.managedPolicies.join(', ')}</code>
            </li>
          )}
        </ul>
      </Fold>
    </>
  );
}

function StatementIcon({ statement, isMissing }: { statement: StatementView; isMissing: boolean }) {
  if (statement.isLeftOut) return <Icon name="none" kind="i-quiet" />;
  return isMissing ? <Icon name="alert" kind="i-warn" /> : <Icon name="check" />;
}

const StatementWords = ({ statement, prefix }: { statement: StatementView; prefix?: string }) => (
  <>
    <b>{statement.reason}</b>
    <span class="why">
      {prefix && `${prefix} `}
      <span lang="en">{statement.words.join('; ')}</span>
    </span>
  </>
);
