import type { Child } from 'hono/jsx';
import { Words } from './basics.js';
import { Icon } from './icon.js';

/** A field of text. */
export function Field(props: {
  name: string;
  label: string;
  id?: string | undefined;
  type?: 'text' | 'password' | undefined;
  value?: string | undefined;
  placeholder?: string | undefined;
  help?: Child | undefined;
  error?: string | undefined;
  required?: boolean | undefined;
  maxlength?: number | undefined;
  mono?: boolean | undefined;
  width?: 's' | 'm' | undefined;
  numeric?: boolean | undefined;
  optional?: string | undefined;
  list?: string | undefined;
  arn?: boolean | undefined;
}) {
  const id = props.id ?? props.name;
  return (
    <FieldFrame {...props} id={id} isLive={props.arn}>
      <input
        class={['input', props.mono && 'mono', props.width && `input-${props.width}`]
          .filter(Boolean)
          .join(' ')}
        id={id}
        name={props.name}
        type={props.type ?? 'text'}
        value={props.value}
        placeholder={props.placeholder}
        required={props.required}
        maxlength={props.maxlength}
        inputmode={props.numeric ? 'numeric' : undefined}
        list={props.list}
        autocomplete="off"
        spellcheck={false}
        autocapitalize="off"
        aria-describedby={props.error || props.help ? `${id}-help` : undefined}
        aria-invalid={props.error ? 'true' : undefined}
        autofocus={props.error ? true : undefined}
        data-arn={props.arn}
      />
    </FieldFrame>
  );
}

/** A label, a control, and below it help or, in its place, what is wrong. */
export const FieldFrame = (props: {
  id: string;
  label: string;
  optional?: string | undefined;
  help?: Child | undefined;
  error?: string | undefined;
  isLive?: boolean | undefined;
  children?: Child;
}) => (
  <div class="field" data-state={props.error ? 'error' : undefined}>
    <label for={props.id}>
      {props.label}
      {props.optional && <span class="opt"> {props.optional}</span>}
    </label>
    {props.children}
    {props.error ? (
      <p class="error" id={`${props.id}-help`}>
        <Icon name="alert" small />
        <span>
          <Words text={props.error} />
        </span>
      </p>
    ) : (
      props.help && (
        <p class="help" id={`${props.id}-help`} aria-live={props.isLive ? 'polite' : undefined}>
          {props.help}
        </p>
      )
    )}
  </div>
);
