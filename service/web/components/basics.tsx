import type { Child } from 'hono/jsx';
import { withVendorName } from '../../domain/vendor-words.js';
import { usePage, useTexts } from '../page-context.js';
import { Icon, type IconName } from './icon.js';

/** An address of this site, wherever it is mounted. */
export const useHref = (): ((path: string) => string) => {
  const { base } = usePage();
  return (path) => `${base}${path}`;
};

/** A link to a page of this site. */
export const Link = ({
  path,
  kind,
  children,
  ...attributes
}: {
  path: string;
  kind?: string | undefined;
  rel?: string;
  'aria-label'?: string | undefined;
  'aria-current'?: 'page' | 'true' | undefined;
  children?: Child;
}) => (
  <a class={kind} href={useHref()(path)} {...attributes}>
    {children}
  </a>
);

interface ButtonProps {
  readonly look?: 'primary' | 'danger' | 'quiet' | undefined;
  readonly size?: 'sm' | 'lg' | undefined;
  /** Its name for screen readers, where the text alone does not say what it is about. */
  readonly label?: string | undefined;
  readonly children?: Child;
}

/** The names of those classes that apply. */
export const classes = (...names: readonly (string | false | undefined)[]): string =>
  names.filter(Boolean).join(' ');

const buttonClass = ({ look, size }: ButtonProps, more?: string) =>
  classes('btn', look && `btn-${look}`, size && `btn-${size}`, more);

/** A link that looks like a button. `path` is one of this site; `url` is another's and opens in a new tab. */
export function ButtonLink(
  props: ButtonProps & {
    path?: string | undefined;
    url?: string | undefined;
    /** Leaves this site in the same tab. */
    leaves?: boolean | undefined;
  },
) {
  const href = useHref();
  const outside = props.url !== undefined && !props.leaves;
  return (
    <a
      class={buttonClass(props)}
      href={props.path === undefined ? props.url : href(props.path)}
      aria-label={props.label}
      {...(outside && { target: '_blank', rel: 'noopener noreferrer' })}
    >
      {props.children}
      {outside && <span class="sr"> {useTexts().common.newTab}</span>}
    </a>
  );
}

interface SubmitProps extends ButtonProps {
  readonly kind?: string;
  readonly name?: string;
  readonly value?: string;
  /** Its text while the form is being sent. */
  readonly busy?: string;
}

export const Button = (props: SubmitProps) => (
  <button
    type="submit"
    class={buttonClass(props, props.kind)}
    name={props.name}
    value={props.value}
    aria-label={props.label}
    data-busy={props.busy}
  >
    {props.children}
  </button>
);

/** Values that a form sends as they are. */
export const HiddenFields = ({ values }: { values: Readonly<Record<string, string | undefined>> }) => (
  <>
    {Object.entries(values).map(
      ([name, value]) => value !== undefined && <input type="hidden" name={name} value={value} />,
    )}
  </>
);

/** A form of this site: posts, with the session's token. */
export function Form(props: {
  path: string;
  kind?: string;
  /** The token of a form before sign-in. @default the session's */
  csrf?: string;
  hidden?: Readonly<Record<string, string | undefined>> | undefined;
  /** The page's script shows the progress of the check that it starts. */
  check?: boolean;
  /** The page's script sends it after that time. */
  afterSeconds?: number | undefined;
  /** Embedded, the page's script sends it at once. */
  isSentAtOnce?: boolean;
  children?: Child;
}) {
  const { session, operator } = usePage();
  const csrf = props.csrf ?? session?.csrfToken ?? operator?.csrfToken;
  return (
    <form
      method="post"
      action={useHref()(props.path)}
      class={props.kind}
      autocomplete="off"
      novalidate={props.check}
      data-check={props.check}
      data-after={props.afterSeconds}
      data-go={props.isSentAtOnce ? '' : undefined}
    >
      <HiddenFields values={{ csrf, ...props.hidden }} />
      {props.children}
    </form>
  );
}

/** One button that posts. */
export const PostButton = ({
  path,
  fields = {},
  ...button
}: SubmitProps & { path: string; fields?: Readonly<Record<string, string>> }) => (
  <Form path={path} hidden={fields}>
    <Button {...button} />
  </Form>
);

/** One message that needs attention. */
export const Callout = (props: {
  kind?: 'accent' | 'ok' | 'warn' | 'danger' | undefined;
  icon: IconName;
  title: Child;
  /** The sentence below the title. */
  line?: string;
  role?: 'status' | 'alert' | undefined;
  more?: string | undefined;
  children?: Child;
}) => (
  <div class={classes('callout', props.kind && `callout-${props.kind}`, props.more)} role={props.role}>
    <Icon name={props.icon} />
    <div>
      <strong>{props.title}</strong>
      {props.line && <span>{props.line}</span>}
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

/** A card with its heading, and what stands beside the heading. */
export const Card = (props: {
  id: string;
  title: string;
  beside?: Child;
  live?: string;
  children?: Child;
}) => (
  <section class="card" aria-labelledby={props.id} data-live={props.live}>
    <div class="card-head">
      <h2 id={props.id}>{props.title}</h2>
      {props.beside}
    </div>
    {props.children}
  </section>
);

/** A card beside the page: a title, a sentence, and a button. */
export const AsideCard = (props: { title: string; line: string; children?: Child }) => (
  <div class="card card-pad stack stack-3">
    <h2>{props.title}</h2>
    <p class="small muted">{props.line}</p>
    {props.children}
  </div>
);
