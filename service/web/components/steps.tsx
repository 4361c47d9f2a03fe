import type { Child } from 'hono/jsx';
import { useTexts } from '../page-context.js';
import { Link } from './basics.js';
import { Icon, type IconName } from './icon.js';
import { Pair, type PairState } from './pair.js';

/** A step that is done: one line, with a way to look at it or change it. */
export function DoneStep(props: {
  number: number;
  title: string;
  line: Child;
  change?: readonly [path: string, title: string] | undefined;
}) {
  const texts = useTexts().steps;
  return (
    <li class="step" data-state="done">
      <Icon name="check" kind="step-tick" />
      <div class="step-line">
        <h2>
          <span class="sr">{texts.done(props.number)} </span>
          {props.title}
        </h2>
        <p>{props.line}</p>
        {props.change && (
          <Link path={props.change[0]} aria-label={`${props.change[1]}: ${props.title}`}>
            {props.change[1]}
          </Link>
        )}
      </div>
    </li>
  );
}

/** The one open step. */
export const CurrentStep = (props: {
  number: number;
  of: number;
  title: string;
  failed?: boolean | undefined;
  children?: Child;
}) => (
  <li
    class="step"
    data-state={props.failed ? 'failed' : 'current'}
    data-n={props.number}
    aria-current="step"
    id="step"
  >
    <div class="step-title">
      <h2 tabindex={-1}>
        <span class="sr">{useTexts().steps.current(props.number, props.of)} </span>
        {props.title}
      </h2>
    </div>
    <div class="card" data-step>
      {props.children}
    </div>
  </li>
);

export const LaterStep = (props: { number: number; title: string; line: string }) => (
  <li class="step" data-state="todo" data-n={props.number}>
    <div class="step-title">
      <h2>
        <span class="sr">{useTexts().steps.later(props.number)} </span>
        {props.title}
      </h2>
    </div>
    <p>{props.line}</p>
  </li>
);

/** The state from afar, beside the steps of a wide page. */
export const PairCard = ({ state, line }: { state: PairState; line: Child }) => (
  <div class="card card-pad stack stack-3 side-pair">
    <Pair state={state} />
    <p class="small muted center">{line}</p>
  </div>
);

/** A remark beside the steps. */
export const Remark = ({ icon, children }: { icon: IconName; children?: Child }) => (
  <p class="remark">
    <Icon name={icon} small />
    <span>{children}</span>
  </p>
);

/** A wait for something that happens elsewhere. */
export const Waiting = (props: { title: string; line: string; children?: Child }) => (
  <div class="wait-in" role="status">
    <span class="spin" />
    {props.children}
    <div>
      <h3>{props.title}</h3>
      <p class="small muted">{props.line}</p>
    </div>
  </div>
);
