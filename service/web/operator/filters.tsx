import { type ErrorCode, errorCatalog } from '../../domain/error-catalog/index.js';
import { FilterForm } from '../components/filters.js';
import { assurances, statuses } from '../components/status.js';
import { useTexts } from '../page-context.js';
import type { Totals, Wanted } from './query.js';

export function Filters({ wanted, totals }: { wanted: Wanted; totals: Totals }) {
  const {
    operator: texts,
    list: { columns },
    status: words,
    codes: { title },
  } = useTexts();
  const codes = [...totals.code.keys()]
    .filter((code): code is ErrorCode => Object.hasOwn(errorCatalog, code))
    .sort();
  const sets = [...totals.permissionSets.keys()].filter((id) => id.includes('@')).sort();
  return (
    <FilterForm
      path="/operator"
      label={texts.filter}
      search={{ label: texts.search, value: wanted.accountId ?? wanted.search }}
      button={texts.show}
    >
      {wanted.order && <input type="hidden" name="sort" value={wanted.order} />}
      <Choice
        name="status"
        label={columns.status}
        any={texts.anyStatus}
        chosen={wanted.status}
        options={statuses.map((each) => [each, words[each]])}
      />
      <Choice
        name="assurance"
        label={texts.assurance}
        any={texts.anyAssurance}
        chosen={wanted.assurance}
        options={assurances.map((each) => [each, words[each]])}
      />
      <Choice
        name="code"
        label={texts.reason}
        any={texts.anyReason}
        chosen={wanted.code}
        options={codes.map((code) => [code, title(code)])}
      />
      {sets.length > 0 && (
        <Choice
          name="set"
          label={columns.permissions}
          any={texts.anyPermissions}
          chosen={wanted.permissionSet}
          options={sets.map((id) => [id, id])}
        />
      )}
    </FilterForm>
  );
}

const Choice = (props: {
  name: string;
  label: string;
  any: string;
  chosen: string | undefined;
  options: readonly (readonly [value: string, title: string])[];
}) => (
  <>
    <label class="sr" for={props.name}>
      {props.label}
    </label>
    <select class="input" id={props.name} name={props.name}>
      <option value="">{props.any}</option>
      {props.options.map(([value, title]) => (
        <option value={value} selected={value === props.chosen}>
          {title}
        </option>
      ))}
    </select>
  </>
);
