import type { Child } from 'hono/jsx';
import { withVendorName } from '../../domain/vendor-words.js';
import { mayOpen } from '../access.js';
import { usePage, useTexts } from '../page-context.js';
import { Icon, type IconName } from './icon.js';

/** An address of this site, wherever it is mounted. */
export const useHref = (): ((path: string) => string) => {
  const { base } = usePage();
  return (path) => `${base}${path}`;
};

type Look = 'primary' | 'danger' | 'quiet';

const buttonClass = (look?: Look, size?: 'sm' | 'lg', more?: string) =>
  ['btn', look && `btn-${look}`, size && `btn-${size}`, more].filter(Boolean).join(' ');

/** A link that looks like a button. `path` is one of this site; `url` is another's and opens in a new tab. */
export function ButtonLink(props: {
  path?: string | undefined;
  url?: string | undefined;
  /** Leaves this site in the same tab. */
  leaves?: boolean | undefined;
  look?: Look | undefined;
  size?: 'sm' | 'lg' | undefined;
  label?: string | undefined;
  children?: Child;
}) {
  const href = useHref();
  const outside = props.url !== undefined && !props.leaves;
  return (
    <a
      class={buttonClass(props.look, props.size)}
      href={props.path === undefined ? props.url : href(props.path)}
      aria-label={props.label}
      {...(outside && { target: '_blank', rel: 'noopener noreferrer' })}
    >
      {props.children}
      {outside && <span class="sr"> {useTexts().common.newTab}</span>}
    </a>
  );
}

export function Button(props: {
  look?: Look | undefined;
  size?: 'sm' | 'lg' | undefined;
  kind?: string | undefined;
  name?: string | undefined;
  value?: string | undefined;
  form?: string | undefined;
  label?: string | undefined;
  /** Its label while the form is being sent. */
  busy?: string | undefined;
  formnovalidate?: boolean | undefined;
  children?: Child;
}) {
  return (
    <button
      type="submit"
      class={buttonClass(props.look, props.size, props.kind)}
      name={props.name}
      value={props.value}
      form={props.form}
      aria-label={props.label}
      data-busy={props.busy}
      formnovalidate={props.formnovalidate}
    >
      {props.children}
    </button>
  );
}

/** A form of this site: posts, with the session's token. */
export function Form(props: {
  path: string;
  id?: string | undefined;
  kind?: string | undefined;
  check?: boolean | undefined;
  /** The page's script sends it after that time. */
  afterSeconds?: number | undefined;
  children?: Child;
}) {
  const { session, operator } = usePage();
  const csrfToken = session?.csrfToken ?? operator?.csrfToken;
  return (
    <form
      method="post"
      action={useHref()(props.path)}
      id={props.id}
      class={props.kind}
      autocomplete="off"
      novalidate={props.check}
      data-check={props.check}
      data-after={props.afterSeconds}
    >
      {csrfToken && <input type="hidden" name="csrf" value={csrfToken} />}
      {props.children}
    </form>
  );
}

/** One button that posts. */
export const PostButton = ({
  path,
  fields = {},
  children,
  ...button
}: { path: string; fields?: Record<string, string> } & Parameters<typeof Button>[0]) => (
  <Form path={path}>
    {Object.entries(fields).map(([name, value]) => (
      <input type="hidden" name={name} value={value} />
    ))}
    <Button {...button}>{children}</Button>
  </Form>
);

/** One message that needs attention. */
export const Callout = (props: {
  kind?: 'accent' | 'ok' | 'warn' | 'danger' | undefined;
  icon: IconName;
  title: Child;
  id?: string | undefined;
  role?: 'status' | 'alert' | undefined;
  more?: string | undefined;
  children?: Child;
}) => (
  <div
    class={['callout', props.kind && `callout-${props.kind}`, props.more].filter(Boolean).join(' ')}
    id={props.id}
    role={props.role}
  >
    <Icon name={props.icon} />
    <div>
      <strong>{props.title}</strong>
      {props.children}
    </div>
  </div>
);

/** Evidence and explanations, closed by default. */
export const Fold = (props: {
  title: Child;
  open?: boolean;
  /** The page's script opens it after that time. */
  openAfterSeconds?: number;
  children?: Child;
}) => (
  <details class="fold" open={props.open} data-open-after={props.openAfterSeconds}>
    <summary>{props.title}</summary>
    {props.children}
  </details>
);

/**
 * A text of the catalog or of a rule: backticks mark code, two asterisks strong text, ARNs are code, and the vendor has
 * its name.
 */
export const Words = ({ text }: { text: string }) => (
  <>
    {withVendorName(text, usePage().brand.name)
      .split(/(`[^`]*`|\*\*[^*]*\*\*|\barn:aws[\w-]*:[\w:/+=,.@*-]*[\w*])/)
      .map((part) => {
        if (part.startsWith('`') && part.length > 1) return <code class="break">{part.slice(1, -1)}</code>;
        if (part.startsWith('**')) return <strong>{part.slice(2, -2)}</strong>;
        if (part.startsWith('arn:aws')) return <Arn arn={part} />;
        return part.replace(/(?<=\w)'(?=\w)/g, '’');
      })}
  </>
);

/** Breaks between its parts first. */
export const Arn = ({ arn }: { arn: string }) => (
  <code class="break">
    {arn.split(/(?<=[:/])/).map((part) => (
      <>
        {part}
        <wbr />
      </>
    ))}
  </code>
);

/** The items of a list, a text each. */
export const WordItems = ({ texts }: { texts: readonly string[] }) => (
  <>
    {texts.map((text) => (
      <li>
        <Words text={text} />
      </li>
    ))}
  </>
);

/** An account in groups of four; a copied number has no spaces. */
export const Account = ({ id }: { id: string }) => (
  <span class="account">
    {(id.match(/.{1,4}/g) ?? []).map((group) => (
      <span>{group}</span>
    ))}
  </span>
);

const minute = 60_000;
const day = 86_400_000;

/** Relative up to yesterday, then a date; the exact time is a hover away. */
export function Time({ iso }: { iso: string }) {
  const { now, language, texts } = usePage();
  const exact = `${iso.slice(0, 19).replace('T', ' ')} UTC`;
  return (
    <time datetime={iso} title={exact}>
      {relative(Date.parse(iso), now, language, texts.common)}
    </time>
  );
}

/** How far back a time is, in words. */
function relative(
  at: number,
  now: number,
  language: string,
  texts: { now: string; minutesAgo(n: number): string; hoursAgo(n: number): string; yesterday: string },
): string {
  const past = now - at;
  if (past >= 0 && past < minute) return texts.now;
  if (past >= 0 && past < 60 * minute) return texts.minutesAgo(Math.floor(past / minute));
  const days = Math.floor(now / day) - Math.floor(at / day);
  if (past >= 0 && (days === 0 || past < 6 * 60 * minute))
    return texts.hoursAgo(Math.floor(past / 3_600_000));
  if (days === 1) return texts.yesterday;
  const isThisYear = new Date(at).getUTCFullYear() === new Date(now).getUTCFullYear();
  return new Intl.DateTimeFormat(language, {
    month: 'short',
    day: 'numeric',
    ...(!isThisYear && { year: 'numeric' }),
    timeZone: 'UTC',
  }).format(at);
}

/** The path to this page. */
export function Crumbs({ links, here }: { links: readonly (readonly [string, string])[]; here: string }) {
  const href = useHref();
  const { session } = usePage();
  // A session of one connection has no list to go to.
  const open = links.filter(([path]) => path !== '/connections' || mayOpen(session, 'GET /connections'));
  if (open.length === 0) return null;
  return (
    <nav aria-label={useTexts().common.breadcrumb}>
      <ol class="crumbs">
        {open.map(([path, title]) => (
          <li>
            <a href={href(path)}>{title}</a>
          </li>
        ))}
        <li aria-current="page">{here}</li>
      </ol>
    </nav>
  );
}
