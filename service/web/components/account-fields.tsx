/** The fields of the first step: the account, and the role's permissions. */
import type { Child } from 'hono/jsx';
import type { PermissionSetView } from '../../domain/permission-set-view.js';
import { useTexts } from '../page-context.js';
import { Button, Form } from './basics.js';
import { Field, FieldFrame, GroupError } from './field.js';
import { Icon } from './icon.js';
import { PermissionSetStatements } from './permission-set.js';

/** The presets, in the order of their permissions. */
const presets = ['read-only', 'security-audit', 'power-user', 'administrator'] as const;

export const AccountField = ({ value, error }: { value: string; error: string | undefined }) => {
  const texts = useTexts().setup;
  return (
    <Field
      name="account"
      label={texts.account}
      value={value}
      error={error}
      help={texts.accountHelp}
      placeholder="123456789012"
      width="s"
      mono
      numeric
    />
  );
};

/** One partition is no choice. */
export function PartitionField(props: {
  partitions: readonly string[];
  chosen?: string;
  error?: string | undefined;
}) {
  const texts = useTexts().setup;
  const { partitions, chosen, error } = props;
  if (partitions.length === 1) return <input type="hidden" name="partition" value={partitions[0]} />;
  return (
    <FieldFrame id="partition" label={texts.partition} help={texts.partitionHelp} error={error}>
      <select
        class="input"
        id="partition"
        name="partition"
        aria-describedby="partition-help"
        aria-invalid={error ? 'true' : undefined}
      >
        {partitions.map((partition) => (
          <option value={partition} selected={partition === chosen}>
            {texts.partitions[partition] ?? partition}
          </option>
        ))}
      </select>
    </FieldFrame>
  );
}

/** The form of the first step, with the choice of permissions as its children. */
export function AccountStepForm(props: { path: string; account: Child; beside?: Child; children?: Child }) {
  const texts = useTexts().setup;
  return (
    <Form path={props.path}>
      <div class="section">{props.account}</div>
      <fieldset class="section">
        <legend class="sr">{texts.permissions}</legend>
        <h3 aria-hidden="true">{texts.permissions}</h3>
        {props.children}
      </fieldset>
      <div class="section">
        <div class="actions row-between">
          <Button look="primary" size="lg">
            {texts.next}
            <Icon name="right" />
          </Button>
          {props.beside}
        </div>
      </div>
    </Form>
  );
}

const Choice = (props: {
  name: string;
  value: string;
  chosen: string;
  title: string;
  why?: string | undefined;
}) => (
  <label class="perm">
    <input
      class="tick tick-radio"
      type="radio"
      name={props.name}
      value={props.value}
      checked={props.value === props.chosen}
    />
    <span>
      <b>{props.title}</b>
      {props.why && <span class="why">{props.why}</span>}
    </span>
  </label>
);

/** The vendor's sets; one is no choice, and of several none is preselected. */
export const SetChoices = (props: {
  sets: readonly PermissionSetView[];
  chosen: string;
  error: string | undefined;
}) => (
  <>
    {props.error && <GroupError text={props.error} />}
    {props.sets.map((view) => {
      const name = view.id.split('@')[0] ?? '';
      const isOnly = props.sets.length === 1;
      return (
        <div class={isOnly ? 'stack stack-2' : 'set stack stack-2'}>
          {isOnly ? (
            <input type="hidden" name="set" value={name} />
          ) : (
            <Choice name="set" value={name} chosen={props.chosen} title={view.title} />
          )}
          <PermissionSetStatements view={view} choose={`optional-${name}`} />
        </div>
      );
    })}
  </>
);

/** The presets, each in plain words; none is preselected. */
export function PermissionChoices({ chosen, error }: { chosen: string; error?: string | undefined }) {
  const texts = useTexts().setup;
  return (
    <>
      {error ? <GroupError text={error} /> : <p class="help">{texts.permissionsHelp}</p>}
      <ul class="perms">
        {presets.map((id) => {
          const [title = id, why] = texts.presets[id] ?? [];
          return (
            <li>
              <Choice name="permissions" value={id} chosen={chosen} title={title} why={why} />
            </li>
          );
        })}
      </ul>
    </>
  );
}
