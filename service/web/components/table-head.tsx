import { useTexts } from '../page-context.js';

/** The titles of a table's columns. Roles are written out: the narrow layout takes the elements' own away. */
export const TableHead = ({ titles, hasAction }: { titles: readonly string[]; hasAction?: boolean }) => (
  <thead role="rowgroup">
    <tr role="row">
      {titles.map((title) => (
        <th role="columnheader" scope="col">
          {title}
        </th>
      ))}
      {hasAction && (
        <th role="columnheader" scope="col">
          <span class="sr">{useTexts().list.columns.action}</span>
        </th>
      )}
    </tr>
  </thead>
);
