import { useTexts } from '../page-context.js';
import { Link } from './basics.js';

/** The start of a page: behind that row, or in front of it. */
export interface Cursor<Id extends string> {
  readonly after?: Id | undefined;
  readonly before?: Id | undefined;
}

/** The places of the pages around the one with these rows. */
export function cursorsAround<Id extends string>(
  { after, before }: Cursor<Id>,
  ids: readonly Id[],
  hasMore: boolean,
): { previous: Cursor<Id> | undefined; next: Cursor<Id> | undefined } {
  const isBack = before !== undefined;
  const [first, last] = [ids[0], ids.at(-1)];
  return {
    previous: first && (isBack ? hasMore : after !== undefined) ? { before: first } : undefined,
    next: last && (isBack || hasMore) ? { after: last } : undefined,
  };
}

/** Links to the pages around this one; nothing where it is the only one. */
export function Pages(props: {
  previous: string | undefined;
  next: string | undefined;
  titles?: readonly [previous: string, next: string];
}) {
  const { list } = useTexts();
  const [previous, next] = props.titles ?? [list.previous, list.next];
  if (props.previous === undefined && props.next === undefined) return null;
  return (
    <nav class="actions" aria-label={list.pages}>
      {props.previous !== undefined && (
        <Link kind="btn btn-sm" path={props.previous} rel="prev">
          {previous}
        </Link>
      )}
      {props.next !== undefined && (
        <Link kind="btn btn-sm" path={props.next} rel="next">
          {next}
        </Link>
      )}
    </nav>
  );
}
