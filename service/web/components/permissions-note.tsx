import { type Connection, permissionSetLabel, permissionSetOf } from '../../domain/connection.js';
import type { PermissionSetView } from '../../domain/permission-set-view.js';
import { sentencesOf } from '../../domain/verification/permissions.js';
import { mayOpen } from '../access.js';
import { usePage, useTexts } from '../page-context.js';
import { ButtonLink, Callout, Fold, Words } from './basics.js';
import { PermissionSetStatements } from './permission-set.js';
import { verificationOf } from './status.js';

/** What the role lacks of its permission set, and a newer version of it; nothing when all is well. */
export function PermissionsNote({
  connection,
  set,
}: {
  connection: Connection;
  set: PermissionSetView | undefined;
}) {
  const { sets: texts } = useTexts();
  const { session } = usePage();
  const own = permissionSetOf(connection);
  const report = verificationOf(connection)?.permissions;
  const missing = [...(report?.missing ?? []), ...(report?.notDenied ?? [])];
  return (
    <>
      {connection.status === 'connected' && missing.length > 0 && (
        <Callout kind="warn" icon="alert" title={texts.incomplete} role="status">
          <ul class="help list">
            {sentencesOf(missing).map((sentence) => (
              <li lang="en">
                <Words text={sentence} />
              </li>
            ))}
          </ul>
        </Callout>
      )}
      {own?.newest !== undefined && set && (
        <Callout kind="accent" icon="refresh" title={texts.update(permissionSetLabel(own), own.newest)}>
          <ul class="help list">
            {set.changes.map((change) => (
              <li lang="en">
                <Words text={change} />
              </li>
            ))}
          </ul>
          <span>{texts.updateLine}</span>
          {mayOpen(session, 'GET /connections/:id/setup') && (
            <p class="actions">
              <ButtonLink
                path={`/connections/${connection.id}/setup?step=role&format=terraform`}
                look="primary"
                size="sm"
              >
                {texts.updateTo(own.newest)}
              </ButtonLink>
            </p>
          )}
        </Callout>
      )}
    </>
  );
}

/** The set of a connection: what the vendor can do there. */
export function PermissionsCard({
  connection,
  set,
}: {
  connection: Connection;
  set: PermissionSetView | undefined;
}) {
  const { sets: texts, scope } = useTexts();
  if (set === undefined) return null;
  const report = verificationOf(connection)?.permissions;
  const own = permissionSetOf(connection);
  return (
    <section class="card" aria-labelledby="permissions">
      <div class="card-head">
        <h2 id="permissions">{scope.canDo}</h2>
        {own && <span class="badge badge-plain">{permissionSetLabel(own)}</span>}
      </div>
      <div class="section">
        <PermissionSetStatements view={set} />
        {report && report.unavailable.length > 0 && (
          <Fold title={texts.unavailable}>
            <ul class="help list">
              {sentencesOf(report.unavailable).map((sentence) => (
                <li lang="en">{sentence}</li>
              ))}
            </ul>
          </Fold>
        )}
        {report && report.notChecked.length > 0 && (
          <Fold title={texts.notChecked}>
            <ul class="help list">
              {report.notChecked.map(({ sid, reason }) => (
                <li>
                  {sid}: {reason}
                </li>
              ))}
            </ul>
          </Fold>
        )}
      </div>
    </section>
  );
}
