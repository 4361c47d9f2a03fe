import type { Child } from 'hono/jsx';
import { Icon } from './icon.js';

/** The error of a group of fields; a single `Field` shows its own. */
export const GroupError = ({ children }: { children?: Child }) => (
  <p class="error" role="alert">
    <Icon name="alert" small />
    <span>{children}</span>
  </p>
);
