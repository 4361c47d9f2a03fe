import { Button, useHref } from './basics.js';
import { Field } from './field.js';

/** A page on which a person signs in with one secret. */
export function SignInForm(props: {
  action: string;
  /** The form's token against requests of other sites. */
  csrf: string;
  texts: { title: string; lead: string; label: string; help: string; button: string };
  /** The field that carries the secret. */
  name: string;
  error?: string | undefined;
}) {
  const { texts } = props;
  return (
    <section class="card plain" aria-labelledby="title">
      <div class="section">
        <h1 id="title">{texts.title}</h1>
        <p class="muted">{texts.lead}</p>
        <form method="post" action={useHref()(props.action)} autocomplete="off" class="stack">
          <input type="hidden" name="csrf" value={props.csrf} />
          <div role={props.error ? 'alert' : undefined}>
            <Field
              name={props.name}
              label={texts.label}
              type="password"
              help={texts.help}
              error={props.error}
              required
            />
          </div>
          <Button look="primary" kind="btn-block">
            {texts.button}
          </Button>
        </form>
      </div>
    </section>
  );
}
