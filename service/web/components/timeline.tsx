import type { HistoryEntry } from '../history.js';
import { useTexts } from '../page-context.js';
import { Time } from './basics.js';
import { Icon } from './icon.js';

/** The history, newest first. */
export const Timeline = ({ entries }: { entries: readonly HistoryEntry[] }) => (
  <ol class="timeline">
    {entries.map((entry) => (
      <li>
        <span class={entry.look ? `dot dot-${entry.look}` : 'dot'}>
          <Icon name={entry.icon} />
        </span>
        <b>{entry.title}</b>
        {entry.outcome && <p>{[entry.outcome, entry.why].filter(Boolean).join(': ')}</p>}
        {entry.details && <p class="break">{entry.details}</p>}
        <p class="when">
          {entry.person ? useTexts().history.linkFor(entry.person) : entry.who}, <Time iso={entry.at} />
        </p>
      </li>
    ))}
  </ol>
);
