import { useTexts } from '../page-context.js';
import { useHref } from './basics.js';

/** A column's title; with a path it sorts the list. */
export type ColumnTitle =
  | string
  | { readonly title: string; readonly path: string; readonly isSorted: boolean };

/** The titles of a table's columns. Roles are written out: the narrow layout takes the elements' own away. */
export const TableHead = ({ titles, hasAction }: { titles: readonly ColumnTitle[]; hasAction?: boolean }) => (
  <thead role="rowgroup">
    <tr role="row">
      {titles.map((column) => (
        <Column column={column} />
      ))}
      {hasAction && (
        <th role="columnheader" scope="col">
          <span class="sr">{useTexts().list.columns.action}</span>
        </th>
      )}
    </tr>
  </thead>
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
      <a href={useHref()(column.path)} aria-label={useTexts().list.sortBy(column.title)}>
        {column.title}
      </a>
    </th>
  );
}
