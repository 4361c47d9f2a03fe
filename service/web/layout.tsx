import type { Child } from 'hono/jsx';
import type { Connection } from '../domain/connection.js';
import type { OperatorPermission } from '../domain/operator.js';
import { mayOpen } from './access.js';
import { Callout, Form, Link } from './components/basics.js';
import { Icon } from './components/icon.js';
import { Mark } from './components/pair.js';
import { type PageContext, usePage, useTexts } from './page-context.js';

/** Settings of a page, which the frame around it shows. */
export interface Head {
  /** The source of what changes without a request. @default the page's own address */
  readonly live?: {
    readonly from: string;
    /** Without JavaScript the page is loaded again after this time. */
    readonly refreshSeconds: number | undefined;
  };
  /** Alone in the middle of the page, without navigation: sign-in and errors. */
  readonly isPlain?: boolean | undefined;
  /** The address that shows this page again, where it answers a form. */
  readonly address?: string | undefined;
  /** Settings of a link before the session exists. */
  readonly theme?: 'light' | 'dark' | undefined;
}

interface LayoutProps extends Head {
  readonly title: string;
  /** The result of the last action, shown once above the page. */
  readonly notice: string | undefined;
  readonly children?: Child;
}

/** A whole page. JSX escapes every value. */
export function Layout({ children, ...head }: LayoutProps) {
  const { texts, language, brand, assets, session, operator, embedOrigins, degradedSince } = usePage();
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
        {head.live?.refreshSeconds && (
          <noscript>
            <meta http-equiv="refresh" content={`${head.live.refreshSeconds}; url=${head.live.from}`} />
          </noscript>
        )}
      </head>
      <body
        data-copied={common.copied}
        data-selected={common.selected}
        data-lost={common.lost}
        data-ended={common.ended}
      >
        <a class="skip" href="#main">
          {common.skip}
        </a>
        {isEmbedded || <Topbar isPlain={head.isPlain} />}
        <main class="page" id="main" data-address={head.address} data-live-from={head.live?.from}>
          {head.notice && <Callout kind="ok" icon="ok" role="status" title={head.notice} more="notice" />}
          {degradedSince && (session ?? operator) && (
            <Callout icon="clock" role="status" title={common.onHold} line={common.onHoldLine} />
          )}
          {children}
        </main>
        {isEmbedded || <Footer />}
        <p class="sr" aria-live="polite" data-say />
      </body>
    </html>
  );
}

function Topbar({ isPlain }: Pick<Head, 'isPlain'>) {
  const page = usePage();
  const { texts, brand, path } = page;
  const isOperator = page.operator !== undefined && !isPlain;
  const sections = isPlain ? [] : sectionsOf(page);
  const here = sections.findLast(([to]) => path === to || path.startsWith(`${to}/`))?.[0];
  return (
    <header class="topbar">
      <div class="topbar-in">
        <Link kind="brand" path={isOperator ? '/operator' : '/connections'}>
          <Mark kind="brand-mark" />
          <span>{brand.name}</span>
        </Link>
        {isOperator && <span class="badge badge-plain">{texts.operator.badge}</span>}
        {sections.length > 0 && (
          <nav
            class={sections.length > 1 ? 'topbar-nav topbar-sections' : 'topbar-nav'}
            aria-label={texts.common.sections}
          >
            {sections.map(([to, title]) => (
              <Link path={to} aria-current={to === here ? 'page' : undefined}>
                {title}
              </Link>
            ))}
          </nav>
        )}
        {isOperator ? (
          <Form path="/operator/sign-out" kind="topbar-end">
            <button type="submit" class="link small">
              {texts.common.signOut}
            </button>
          </Form>
        ) : (
          <TopbarEnd />
        )}
      </div>
    </header>
  );
}

type Section = readonly [path: string, title: string];

/** The pages that the topbar leads to. */
function sectionsOf({ texts, session, operator }: PageContext): readonly Section[] {
  if (operator) {
    const sections: readonly (readonly [OperatorPermission | undefined, ...Section])[] = [
      [undefined, '/operator', texts.list.connections],
      [undefined, '/operator/organizations', texts.operator.organizations],
      ['audit:read', '/operator/audit', texts.operator.audit.title],
      ['webhooks:write', '/operator/webhooks', texts.operator.webhooks.short],
    ];
    return sections
      .filter(([needed]) => needed === undefined || operator.operator.permissions.includes(needed))
      .map(([, ...section]) => section);
  }
  const sections: readonly Section[] = [
    ['/connections', texts.list.title],
    ['/keys', texts.keys.title],
  ];
  // Without the list of connections there is only one page.
  return mayOpen(session, 'GET /connections')
    ? sections.filter(([path]) => mayOpen(session, `GET ${path}`))
    : [];
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

/** The heading of a page, which is also its title in the browser. */
export function Title(props: { id?: string; text: string; of?: string | undefined }) {
  usePage().setTitle(props.of === undefined ? props.text : `${props.text}, ${props.of}`);
  return <h1 id={props.id}>{props.text}</h1>;
}

/** A page's heading, a sentence below it, and its actions. */
export const PageHead = (props: {
  title: string;
  /** The thing that the page is about, where its heading does not name it. */
  of?: string | undefined;
  lead?: Child | undefined;
  beside?: Child | undefined;
  children?: Child;
}) => (
  <div class="page-head">
    <div>
      <div class="row">
        <Title text={props.title} of={props.of} />
        {props.beside}
      </div>
      {props.lead && <p>{props.lead}</p>}
    </div>
    {props.children && <div class="actions">{props.children}</div>}
  </div>
);

/** The path to this page. */
export function Crumbs({ links, here }: { links: readonly (readonly [string, string])[]; here: string }) {
  const { session } = usePage();
  // A session of one connection has no list to go to.
  const open = links.filter(([path]) => path !== '/connections' || mayOpen(session, 'GET /connections'));
  if (open.length === 0) return null;
  return (
    <nav aria-label={useTexts().common.breadcrumb}>
      <ol class="crumbs">
        {open.map(([path, title]) => (
          <li>
            <Link path={path}>{title}</Link>
          </li>
        ))}
        <li aria-current="page">{here}</li>
      </ol>
    </nav>
  );
}

/** The head of a page about one thing of a connection, with the way back to it. */
export const ConnectionHead = (props: {
  connection: Pick<Connection, 'id' | 'name'>;
  title: string;
  /** Its name in the way back. @default title */
  here?: string;
  lead: Child;
}) => (
  <>
    <Crumbs
      links={[
        ['/connections', useTexts().list.title],
        [`/connections/${props.connection.id}`, props.connection.name],
      ]}
      here={props.here ?? props.title}
    />
    <PageHead title={props.title} lead={props.lead} />
  </>
);
