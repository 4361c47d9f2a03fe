import type { Child } from 'hono/jsx';
import { Title } from '../layout.js';
import { useTexts } from '../page-context.js';
import { Button, Form } from './basics.js';
import { Field } from './field.js';

interface Props {
  /** The path that takes the form. */
  readonly path: string;
  /** The form's token against requests of other sites. */
  readonly csrf: string;
  readonly title: string;
  readonly lead: string;
  readonly hidden?: Readonly<Record<string, string | undefined>>;
}

export interface SignInProps extends Props {
  /** The field that carries the secret. */
  readonly name: string;
  readonly label: string;
  readonly help: string;
  readonly error?: string | undefined;
}

/** A page on which a person signs in with one secret. */
export const SignInForm = (props: SignInProps) => (
  <section class="card plain" aria-labelledby="title">
    <div class="section">
      <Title id="title" text={props.title} />
      <p class="muted">{props.lead}</p>
      <Form path={props.path} csrf={props.csrf} hidden={props.hidden} kind="stack">
        <div role={props.error ? 'alert' : undefined}>
          <Field {...props} type="password" required />
        </div>
        <Button look="primary" kind="btn-block">
          {props.title}
        </Button>
      </Form>
    </div>
  </section>
);

/** A page on which a person uses a link: a press uses it up, not a program that only looks at it. */
export const LinkForm = (
  props: Props & {
    isSentAtOnce?: boolean;
    /** Content above the title. */
    children?: Child;
  },
) => (
  <section class="card plain" aria-labelledby="title">
    <div class="section center">
      {props.children}
      <Title id="title" text={props.title} />
      <p class="muted">{props.lead}</p>
      <Form {...props}>
        <Button look="primary" size="lg">
          {useTexts().signIn.continue}
        </Button>
      </Form>
    </div>
  </section>
);
