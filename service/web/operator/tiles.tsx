import type { PermissionSets } from '../../domain/permission-set.js';
import { classes, Link } from '../components/basics.js';
import { Icon, type IconName } from '../components/icon.js';
import { usePage, useTexts } from '../page-context.js';
import type { Texts } from '../texts/index.js';
import { addressOf, type Totals, type Wanted } from './query.js';

const minuteMs = 60_000;

/** Counts the connections on each outdated version of a set, the highest count first. */
export function outdatedSets(totals: Totals, sets: PermissionSets): readonly (readonly [string, number])[] {
  return [...totals.permissionSets]
    .filter(([id]) => {
      const [name = '', version] = id.split('@');
      return version !== undefined && Number(version) < (sets.get(name)?.version ?? 0);
    })
    .sort(([, one], [, other]) => other - one);
}

/** Counters, each with a link to its list. */
export function Tiles(props: {
  totals: Totals;
  outdated: ReturnType<typeof outdatedSets>;
  /** The time of the oldest last check of a connected connection. */
  oldest: string | undefined;
  /** Each is checked at least this often. */
  intervalMs: number;
}) {
  const { operator: texts, status: words } = useTexts();
  const ageMs = props.oldest === undefined ? 0 : usePage().now - Date.parse(props.oldest);
  const { status, assurance, permissionSets } = props.totals;
  const all = Object.values(status).reduce((sum, count) => sum + count, 0);
  const ofStatus = (name: keyof typeof status) => ({
    to: { status: name },
    title: words[name],
    count: status[name],
    more: texts.share(all === 0 ? 0 : status[name] / all),
  });
  const [most] = props.outdated;
  return (
    <nav class="tiles" aria-label={texts.counters}>
      <Tile {...ofStatus('failed')} kind="danger" icon="bad" />
      <Tile
        to={{ assurance: 'tested', status: 'connected' }}
        kind="warn"
        icon="shield"
        title={texts.unproven}
        count={assurance.tested}
        more={texts.unprovenMore}
      />
      {permissionSets.size > 0 && (
        <Tile
          to={{ permissionSet: most?.[0] }}
          kind="warn"
          icon="refresh"
          title={texts.outdated}
          count={props.outdated.reduce((sum, [, count]) => sum + count, 0)}
          more={most ? texts.outdatedMore(most[0], most[1]) : texts.outdatedNone}
        />
      )}
      <Tile {...ofStatus('pending')} icon="clock" />
      <Tile {...ofStatus('connected')} kind="ok" icon="ok" />
      <Tile {...ofStatus('disconnected')} icon="unlink" />
      <Tile
        to={{ status: 'connected', order: 'checked' }}
        kind={ageMs > props.intervalMs ? 'warn' : undefined}
        icon="refresh"
        title={texts.oldest}
        count={props.oldest ? ageIn(texts.age, Math.floor(ageMs / minuteMs)) : texts.oldestNone}
        more={texts.oldestTarget(Math.round(props.intervalMs / minuteMs))}
      />
    </nav>
  );
}

/** An age in the largest unit of which there are at least two. */
function ageIn(texts: Texts['operator']['age'], minutes: number): string {
  if (minutes < 120) return texts.minutes(minutes);
  return minutes < 2_880 ? texts.hours(Math.floor(minutes / 60)) : texts.days(Math.floor(minutes / 1_440));
}

function Tile(props: {
  to: Wanted;
  kind?: 'ok' | 'warn' | 'danger' | undefined;
  icon: IconName;
  title: string;
  count: number | string;
  more: string;
}) {
  const { number } = useTexts().operator;
  return (
    <Link
      kind={classes('card tile', props.kind && props.count !== 0 && `tile-${props.kind}`)}
      path={addressOf(props.to)}
    >
      <span class="tile-title">
        <Icon name={props.icon} small />
        {props.title}
      </span>
      <span class="tile-count">{typeof props.count === 'number' ? number(props.count) : props.count}</span>
      <span class="tile-more">{props.more}</span>
    </Link>
  );
}
