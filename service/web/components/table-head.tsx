/** The titles of a table's columns. Roles are written out: the narrow layout takes the elements' own away. */
export const TableHead = ({ titles }: { titles: readonly string[] }) => (
  <thead role="rowgroup">
    <tr role="row">
      {titles.map((title) => (
        <th role="columnheader" scope="col">
          {title}
        </th>
      ))}
    </tr>
  </thead>
);
