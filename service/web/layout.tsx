import type { Child } from 'hono/jsx';
import { mayOpen } from './access.js';
import { Callout, Form, useHref } from './components/basics.js';
import { Icon } from './components/icon.js';
import { Mark } from './components/pair.js';
import { usePage } from './page-context.js';

/** The result of the last action, shown once above the page. */
export interface Notice {
  readonly text: string;
}

export interface Head {
  readonly title: string;
  readonly notice?: Notice | undefined;
  /** Without JavaScript the page asks for `liveFrom` after so many seconds. */
  readonly refreshSeconds?: number | undefined;
  /** Where what changes without a request is read from, when it is not the page's own address. */
  readonly liveFrom?: string | undefined;
  /** Alone in the middle of the page, without navigation: sign-in and errors. */
  readonly isPlain?: boolean | undefined;
  /** A page of the vendor's staff, across organizations. */
  readonly isOperator?: boolean | undefined;
  /** Which link of the navigation is the page's; the connections by default. */
  readonly section?: 'keys' | undefined;
  /** Settings of a link before the session exists. */
  readonly theme?: 'light' | 'dark' | undefined;
}

/** A whole page. JSX escapes every value. */
export function Layout({ head, children }: { head: Head; children?: Child }) {
  const { texts, language, brand, assets, session, embedOrigins, degradedSince } = usePage();
  const { common } = texts;
  const isEmbedded = embedOrigins.length > 0;
  return (
    <html
      lang={language}
      data-theme={head.theme ?? session?.look.theme}
      data-embedded={isEmbedded ? embedOrigins.join(' ') : undefined}
    >
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${head.title} · ${brand.name}`}</title>
        <link rel="icon" href={assets.favicon ?? 'data:,'} />
        <link rel="stylesheet" href={assets.style} />
        <script src={assets.script} defer />
        {head.refreshSeconds && (
          <noscript>
            <meta http-equiv="refresh" content={`${head.refreshSeconds}; url=${head.liveFrom}`} />
          </noscript>
        )}
      </head>
      <body data-copied={common.copied} data-selected={common.selected}>
        <a class="skip" href="#main">
          {common.skip}
        </a>
        {isEmbedded || <Topbar {...head} />}
        <main class="page" id="main" data-live-from={head.liveFrom}>
          {head.notice && (
            <Callout kind="ok" icon="ok" role="status" title={head.notice.text} more="notice" />
          )}
          {degradedSince && (session || head.isOperator) && (
            <Callout icon="clock" role="status" title={common.onHold}>
              <span>{common.onHoldLine}</span>
            </Callout>
          )}
          {children}
        </main>
        {isEmbedded || <Footer />}
        <p class="sr" aria-live="polite" data-say />
      </body>
    </html>
  );
}

function Topbar({ isPlain, isOperator, section }: Head) {
  const { texts, brand, session } = usePage();
  const { common } = texts;
  const href = useHref();
  return (
    <header class="topbar">
      <div class="topbar-in">
        <a class="brand" href={href(isOperator ? '/operator' : '/connections')}>
          <Mark kind="brand-mark" />
          <span>{brand.name}</span>
        </a>
        {isOperator && <span class="badge badge-plain">{texts.operator.badge}</span>}
        {session && !isPlain && mayOpen(session, 'GET /connections') && (
          <nav class="topbar-nav" aria-label={common.sections}>
            <a href={href('/connections')} aria-current={section === 'keys' ? undefined : 'page'}>
              {texts.list.title}
            </a>
            {mayOpen(session, 'GET /keys') && (
              <a href={href('/keys')} aria-current={section === 'keys' ? 'page' : undefined}>
                {texts.keys.title}
              </a>
            )}
          </nav>
        )}
        {isOperator && <OperatorSections />}
        {isOperator ? <OperatorSignOut /> : <TopbarEnd />}
      </div>
    </header>
  );
}

function OperatorSections() {
  const { texts, operator, path } = usePage();
  const href = useHref();
  if (operator === undefined) return null;
  const { permissions } = operator.operator;
  const sections = [
    ['/operator', texts.operator.title],
    ['/operator/organizations', texts.operator.organizations],
    ...(permissions.includes('audit:read')
      ? ([['/operator/audit', texts.operator.audit.title]] as const)
      : []),
    ...(permissions.includes('webhooks:write')
      ? ([['/operator/webhooks', texts.operator.webhooks.short]] as const)
      : []),
  ] as const;
  const here = sections.findLast(([to]) => path === to || path.startsWith(`${to}/`))?.[0];
  return (
    <nav class="topbar-nav topbar-sections" aria-label={texts.common.sections}>
      {sections.map(([to, title]) => (
        <a href={href(to)} aria-current={to === here ? 'page' : undefined}>
          {title}
        </a>
      ))}
    </nav>
  );
}

function OperatorSignOut() {
  const { texts, operator } = usePage();
  if (operator === undefined) return null;
  return (
    <Form path="/operator/sign-out" kind="topbar-end">
      <button type="submit" class="link small">
        {texts.common.signOut}
      </button>
    </Form>
  );
}

function TopbarEnd() {
  const { texts, brand, session } = usePage();
  const { common } = texts;
  const backUrl = session?.returnUrl ?? brand.homeUrl;
  const person = session?.user?.name;
  return (
    <div class="topbar-end">
      {backUrl && (
        <a class="back" href={backUrl}>
          <Icon name="left" small />
          <span>
            {common.back}
            <span class="hide-narrow"> {common.backTo}</span>
          </span>
        </a>
      )}
      {person && (
        <span class="avatar" role="img" aria-label={person} title={person}>
          {initialsOf(person)}
        </span>
      )}
    </div>
  );
}

const initialsOf = (name: string): string =>
  name
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => [...word][0] ?? '')
    .join('')
    .toUpperCase();

function Footer() {
  const { texts, brand, session, organizationName = '' } = usePage();
  const { common } = texts;
  const { help, security, privacy } = brand.links;
  return (
    <footer class="foot">
      {help && <a href={help}>{common.help}</a>}
      {security && <a href={security}>{common.security}</a>}
      {privacy && <a href={privacy}>{common.privacy}</a>}
      {session && (
        <div class="foot-session">
          <span>
            {session.user
              ? common.signedInAs(organizationName, session.user.name)
              : common.signedIn(organizationName)}
          </span>
          <Form path="/sign-out">
            <button type="submit" class="link">
              {common.signOut}
            </button>
          </Form>
        </div>
      )}
    </footer>
  );
}

/** A page's heading, a sentence below it, and its actions. */
export const PageHead = (props: {
  title: Child;
  lead?: Child | undefined;
  beside?: Child | undefined;
  children?: Child;
}) => (
  <div class="page-head">
    <div>
      <div class="row">
        <h1>{props.title}</h1>
        {props.beside}
      </div>
      {props.lead && <p>{props.lead}</p>}
    </div>
    {props.children && <div class="actions">{props.children}</div>}
  </div>
);
