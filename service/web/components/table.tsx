import type { Child } from 'hono/jsx';
import { useTexts } from '../page-context.js';
import { Link } from './basics.js';

/** A column's title; with a path it sorts the list. */
type ColumnTitle = string | { readonly title: string; readonly path: string; readonly isSorted: boolean };

/** A table of rows. Its ARIA roles are explicit: `display: block` in the narrow layout removes the implicit ones. */
export const Table = (props: {
  label: string;
  titles: readonly ColumnTitle[];
  /** The last column has buttons, and no visible title. */
  hasAction?: boolean;
  children?: Child;
}) => (
  <table class="table" role="table" aria-label={props.label}>
    <thead role="rowgroup">
      <tr role="row">
        {props.titles.map((column) => (
          <Column column={column} />
        ))}
        {props.hasAction && (
          <th role="columnheader" scope="col">
            <span class="sr">{useTexts().list.columns.action}</span>
          </th>
        )}
      </tr>
    </thead>
    <tbody role="rowgroup">{props.children}</tbody>
  </table>
);

function Column({ column }: { column: ColumnTitle }) {
  if (typeof column === 'string')
    return (
      <th role="columnheader" scope="col">
        {column}
      </th>
    );
  return (
    <th role="columnheader" scope="col" aria-sort={column.isSorted ? 'ascending' : undefined}>
      <Link path={column.path} aria-label={useTexts().list.sortBy(column.title)}>
        {column.title}
      </Link>
    </th>
  );
}

/** A cell with its column's title for narrow screens, which leave out empty cells. */
export const Cell = (props: {
  label?: string;
  kind?: 'name' | 'status' | 'wide';
  /** @default true for a cell without content */
  isEmpty?: boolean;
  children?: Child;
}) => (
  <td
    role="cell"
    class={props.kind && `cell-${props.kind}`}
    data-label={props.label}
    data-empty={(props.isEmpty ?? isBlank(props.children)) ? '' : undefined}
  >
    {props.children}
  </td>
);

const isBlank = (content: Child): boolean =>
  Array.isArray(content) ? content.every(isBlank) : content !== 0 && (!content || content === ' ');
