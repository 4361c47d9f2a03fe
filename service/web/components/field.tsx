import type { Child } from 'hono/jsx';
import { classes, Words } from './basics.js';
import { Icon } from './icon.js';

/** A field of text. */
export function Field(props: {
  name: string;
  label: string;
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
  arn?: boolean | undefined;
}) {
  const id = props.name;
  return (
    <FieldFrame {...props} id={id} isLive={props.arn}>
      <input
        class={classes('input', props.mono && 'mono', props.width && `input-${props.width}`)}
        id={id}
        name={props.name}
        type={props.type ?? 'text'}
        value={props.value}
        placeholder={props.placeholder}
        required={props.required}
        maxlength={props.maxlength}
        inputmode={props.numeric ? 'numeric' : undefined}
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
      <FieldError id={`${props.id}-help`} text={props.error} />
    ) : (
      props.help && (
        <p class="help" id={`${props.id}-help`} aria-live={props.isLive ? 'polite' : undefined}>
          {props.help}
        </p>
      )
    )}
  </div>
);

/** The error of a group of fields; a single `Field` shows its own. */
export const GroupError = ({ text }: { text: string }) => <FieldError role="alert" text={text} />;

const FieldError = ({ text, ...attributes }: { text: string; id?: string; role?: 'alert' }) => (
  <p class="error" {...attributes}>
    <Icon name="alert" small />
    <span>
      <Words text={text} />
    </span>
  </p>
);
