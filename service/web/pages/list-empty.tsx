import { mayOpen } from '../access.js';
import { ButtonLink, Link, Words } from '../components/basics.js';
import { Pair } from '../components/pair.js';
import { PageHead } from '../layout.js';
import { usePage, useTexts } from '../page-context.js';

/** No connection yet: an outline and the first step. */
export function EmptyList({ takesKeys }: { takesKeys: boolean }) {
  const { list, empty, setup, accessKey } = useTexts();
  const mayConnect = mayOpen(usePage().session, 'GET /connections/new');
  return (
    <>
      <PageHead title={list.title} />
      <section class="card empty" aria-labelledby="empty" data-live="empty" data-reload>
        <div class="empty-in">
          <Pair state="pending" size="lg" />
          <div class="stack stack-2 empty-text">
            <h2 id="empty">{empty.title}</h2>
            <p class="muted">{empty.lead}</p>
          </div>
          {mayConnect && (
            <div class="actions">
              <ButtonLink path="/connections/new" look="primary" size="lg">
                {list.connect}
              </ButtonLink>
            </div>
          )}
          <p class="small faint">{empty.time}</p>
        </div>
        <ol class="empty-steps">
          {empty.steps.map(([title, line]) => (
            <li>
              <b>{title}</b>
              <span>
                <Words text={line} />
              </span>
            </li>
          ))}
        </ol>
      </section>
      {takesKeys && mayConnect && (
        <p class="small muted center below">
          {setup.useKey} <Link path="/connections/new/access-key">{accessKey.title}</Link>
        </p>
      )}
    </>
  );
}
