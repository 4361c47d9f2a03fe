/** The fields of the first step: the account, and the role's permissions. */
import type { PermissionSetView } from '../../domain/permission-set-view.js';
import { useTexts } from '../page-context.js';
import { Field, FieldFrame, GroupError } from './field.js';
import { PermissionSetStatements } from './permission-set.js';

/** From the least to the most. */
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

/** The vendor's sets; one is no choice, and of several none is preselected. */
export function SetChoices({
  sets,
  chosen,
  error,
}: {
  sets: readonly PermissionSetView[];
  chosen: string;
  error: string | undefined;
}) {
  const texts = useTexts().setup;
  return (
    <>
      <div class="section-head">
        <h3 aria-hidden="true">{texts.permissions}</h3>
      </div>
      {error && <GroupError text={error} />}
      {sets.map((view) => {
        const name = view.id.split('@')[0] ?? '';
        return (
          <div class={sets.length === 1 ? 'stack stack-2' : 'set stack stack-2'}>
            {sets.length === 1 ? (
              <input type="hidden" name="set" value={name} />
            ) : (
              <label class="perm">
                <input
                  class="tick tick-radio"
                  type="radio"
                  name="set"
                  value={name}
                  checked={name === chosen}
                />
                <span>
                  <b>{view.title}</b>
                </span>
              </label>
            )}
            <PermissionSetStatements view={view} choose={`optional-${name}`} />
          </div>
        );
      })}
    </>
  );
}

/** The presets, each in plain words; none is preselected. */
export function PermissionChoices({ chosen, error }: { chosen: string; error?: string | undefined }) {
  const texts = useTexts().setup;
  return (
    <>
      <div class="section-head">
        <h3 aria-hidden="true">{texts.permissions}</h3>
      </div>
      {error ? <GroupError text={error} /> : <p class="help">{texts.permissionsHelp}</p>}
      <ul class="perms">
        {presets.map((id) => (
          <li>
            <label class="perm">
              <input
                class="tick tick-radio"
                type="radio"
                name="permissions"
                value={id}
                checked={id === chosen}
              />
              <span>
                <b>{texts.presets[id]?.[0]}</b>
                <span class="why">{texts.presets[id]?.[1]}</span>
              </span>
            </label>
          </li>
        ))}
      </ul>
    </>
  );
}
