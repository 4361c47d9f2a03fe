import { Icon } from './icon.js';

/** The field of a search form; its label is for screen readers. */
export const SearchInput = (props: {
  name: string;
  label: string;
  value: string | undefined;
  placeholder?: string;
  /** A page that filters without a request: the sentence that says how many are left. */
  filters?: string;
}) => (
  <>
    <label class="sr" for={props.name}>
      {props.label}
    </label>
    <Icon name="search" />
    <input
      class="input"
      id={props.name}
      name={props.name}
      type="search"
      value={props.value}
      placeholder={props.placeholder ?? props.label}
      maxlength={100}
      data-filter={props.filters}
    />
  </>
);
