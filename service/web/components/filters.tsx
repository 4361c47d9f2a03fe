/** Search and filters above a list. */
import type { Child } from 'hono/jsx';
import { useTexts } from '../page-context.js';
import { Link, useHref } from './basics.js';
import { Icon } from './icon.js';

/** The field of a search form; its label is for screen readers. */
export const SearchInput = (props: {
  label: string;
  value: string | undefined;
  /** @default label */
  placeholder?: string;
  /** A page that filters without a request: the sentence that says how many are left. */
  filters?: string;
}) => (
  <>
    <label class="sr" for="q">
      {props.label}
    </label>
    <Icon name="search" />
    <input
      class="input"
      id="q"
      name="q"
      type="search"
      value={props.value}
      placeholder={props.placeholder ?? props.label}
      maxlength={100}
      data-filter={props.filters}
    />
  </>
);

/** A search with filters beside it. */
export const FilterForm = (props: {
  path: string;
  label?: string;
  search: { readonly label: string; readonly value: string | undefined };
  button: string;
  children?: Child;
}) => (
  <form class="filters" method="get" role="search" action={useHref()(props.path)} aria-label={props.label}>
    <div class="search">
      <SearchInput {...props.search} />
    </div>
    {props.children}
    <button type="submit" class="btn">
      {props.button}
    </button>
  </form>
);

/** Filters by status, each a link to its list. */
export const Chips = <Status extends string>(props: {
  label: string;
  chosen: Status | undefined;
  chips: readonly { path: string; status: Status | undefined; title: string; count?: number }[];
}) => (
  <nav aria-label={props.label}>
    <ul class="chips">
      {props.chips.map(({ path, status, title, count }) => (
        <li>
          <Link path={path} aria-current={status === props.chosen ? 'true' : undefined}>
            {title} {count !== undefined && <span>{count}</span>}
          </Link>
        </li>
      ))}
    </ul>
  </nav>
);

/** Nothing matches the filters: a sentence, and the way back to the whole list. */
export const NoneFound = ({ text, path }: { text: string; path: string }) => (
  <p class="section muted">
    {text} <Link path={path}>{useTexts().list.showAll}</Link>
  </p>
);
