import { type ErrorCode, errorCatalog } from '../../domain/error-catalog/index.js';
import { useHref } from '../components/basics.js';
import { SearchInput } from '../components/search-input.js';
import { assurances, statuses } from '../components/status.js';
import { useTexts } from '../page-context.js';
import type { Totals } from './owned.js';
import type { Wanted } from './query.js';

export function Filters({ wanted, totals }: { wanted: Wanted; totals: Totals }) {
  const {
    operator: texts,
    status: words,
    codes: { title },
  } = useTexts();
  const codes = [...totals.code.keys()]
    .filter((code): code is ErrorCode => Object.hasOwn(errorCatalog, code))
    .sort();
  const sets = [...totals.permissionSets.keys()].filter((id) => id.includes('@')).sort();
  return (
    <form
      class="filters"
      method="get"
      role="search"
      action={useHref()('/operator')}
      aria-label={texts.filter}
    >
      <div class="search">
        <SearchInput name="q" label={texts.search} value={wanted.accountId ?? wanted.search} />
      </div>
      {wanted.order && <input type="hidden" name="sort" value={wanted.order} />}
      <Choice
        name="status"
        label={texts.status}
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
          label={texts.permissions}
          any={texts.anyPermissions}
          chosen={wanted.permissionSet}
          options={sets.map((id) => [id, id])}
        />
      )}
      <button type="submit" class="btn">
        {texts.show}
      </button>
    </form>
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
