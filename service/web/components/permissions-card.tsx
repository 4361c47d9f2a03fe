import { type Connection, permissionSetOf, verificationOf } from '../../domain/connection.js';
import { groupBy } from '../../domain/group-by.js';
import type { PermissionChange } from '../../domain/permission-set-diff.js';
import type { PermissionSetView } from '../../domain/permission-set-view.js';
import type { PermissionFinding } from '../../domain/verification/permissions-report.js';
import { mayOpen } from '../access.js';
import { usePage, useTexts } from '../page-context.js';
import { ButtonLink, Callout, Card, Fold } from './basics.js';
import { Icon, type IconName } from './icon.js';
import { PermissionSetStatements } from './permission-set.js';

interface Props {
  readonly connection: Connection;
  readonly set: PermissionSetView | undefined;
}

/** Does the set of a connection ask for something: is there a newer version, or is something missing? */
export function asksForPermissions({ connection }: Pick<Props, 'connection'>): boolean {
  return permissionSetOf(connection)?.newest !== undefined || missingOf(connection).length > 0;
}

function missingOf(connection: Connection) {
  const report = connection.status === 'connected' ? verificationOf(connection)?.permissions : undefined;
  return [...(report?.missing ?? []), ...(report?.notDenied ?? [])];
}

/** The set of a connection: what the vendor can do there, what it lacks, and what a newer version changes. */
export function PermissionsCard({ connection, set }: Props) {
  const { sets: texts, scope, list } = useTexts();
  // Through a role that is gone the vendor can do nothing.
  if (set === undefined || connection.status === 'disconnected') return null;
  const own = permissionSetOf(connection);
  const missing = missingOf(connection);
  return (
    <Card
      id="permissions"
      title={scope.canDo}
      beside={
        <span class="small muted row">
          {texts.title(set.title, own?.version)}
          {own?.newest !== undefined && (
            <span class="badge badge-plain badge-accent">{list.newer(own.newest)}</span>
          )}
        </span>
      }
    >
      {missing.length > 0 && (
        <div class="section">
          <Callout kind="warn" icon="alert" title={texts.incomplete} role="status">
            <Findings findings={missing} />
          </Callout>
          {own?.newest === undefined && <DeployAgain connection={connection} title={texts.updateRole} />}
        </div>
      )}
      {own?.newest === undefined ? (
        <div class="section">
          <PermissionSetStatements view={set} missing={new Set(missing.map(({ sid }) => sid))} />
          <NotAvailable connection={connection} />
        </div>
      ) : (
        <>
          <Update connection={connection} set={set} newest={own.newest} />
          <div class="section">
            <Fold title={texts.allOf(own.version)}>
              <PermissionSetStatements view={set} />
            </Fold>
            <NotAvailable connection={connection} />
          </div>
        </>
      )}
    </Card>
  );
}

/** The changes of a newer version of the set, and the way to it. */
function Update(props: { connection: Connection; set: PermissionSetView; newest: number }) {
  const { sets: texts } = useTexts();
  const { connection, set, newest } = props;
  const count = (change: PermissionChange['change']) =>
    set.changes.filter((each) => each.change === change && each.kind !== 'deny').length;
  return (
    <div class="section">
      <Callout
        kind="accent"
        icon="info"
        title={texts.update(newest, count('added'), count('changed'), count('removed'))}
        line={texts.updateLine}
      />
      <ul class="perms">
        {set.changes.map((change) => (
          <Change {...change} />
        ))}
      </ul>
      <DeployAgain connection={connection} title={texts.updateTo(newest)} line={texts.updateHow} />
    </div>
  );
}

/** The way to the role's code with everything that the set has. */
function DeployAgain(props: { connection: Connection; title: string; line?: string }) {
  if (!mayOpen(usePage().session, 'GET /connections/:id/setup')) return null;
  return (
    <div class="actions">
      <ButtonLink
        path={`/connections/${props.connection.id}/setup?step=role&format=terraform`}
        look="primary"
      >
        {props.title}
      </ButtonLink>
      {props.line && <span class="small muted">{props.line}</span>}
    </div>
  );
}

const changeIcons: Record<PermissionChange['change'], IconName> = {
  added: 'plus',
  changed: 'pen',
  removed: 'x',
};

const isNamed = (each: string): boolean => each !== '*';

function Change({ kind, change, sid, reason, optional, ...lists }: PermissionChange) {
  const { sets: texts } = useTexts();
  const signed = [
    ...[...lists.addedActions, ...lists.addedResources].filter(isNamed).map((each) => `+${each}`),
    ...[...lists.removedActions, ...lists.removedResources].filter(isNamed).map((each) => `−${each}`),
    ...(change === 'changed' && lists.conditionsChanged ? [texts.otherConditions] : []),
  ];
  return (
    <li class="perm">
      <Icon name={changeIcons[change]} kind={change === 'removed' ? 'i-quiet' : undefined} />
      <div>
        <b>{reason}</b>
        <p>
          {texts.entry[kind](sid)} {signed.length > 0 && <code class="break">{signed.join(' ')}</code>}
        </p>
      </div>
      <span class="tag">
        {texts.changes[change]}
        {optional && `, ${texts.optional.toLowerCase()}`}
      </span>
    </li>
  );
}

/** Groups findings by statement and denying policy: the vendor's reason, then the actions. */
function Findings({ findings }: { findings: readonly PermissionFinding[] }) {
  const { deniedBy: by } = useTexts().sets;
  const groups = groupBy(findings, ({ sid, deniedBy }) => `${sid} ${deniedBy}`);
  return (
    <ul class="help list">
      {[...groups.values()].map((group) => (
        <li>
          {group[0].reason}{' '}
          <code class="break">
            {group
              .map(({ action, resource }) => (resource === '*' ? action : `${action} (${resource})`))
              .join(', ')}
          </code>{' '}
          {by[group[0].deniedBy ?? 'allowed']}
        </li>
      ))}
    </ul>
  );
}

function NotAvailable({ connection }: Pick<Props, 'connection'>) {
  const { sets: texts } = useTexts();
  const report = verificationOf(connection)?.permissions;
  return (
    <>
      {report && report.unavailable.length > 0 && (
        <Fold title={texts.unavailable}>
          <Findings findings={report.unavailable} />
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
    </>
  );
}
