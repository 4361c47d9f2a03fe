import type { Child } from 'hono/jsx';
import type { Connection } from '../../domain/connection.js';

import { Crumbs, PageHead } from '../layout.js';
import { useTexts } from '../page-context.js';

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
