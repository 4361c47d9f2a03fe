import { createApiKey, type KeyMaker, revokeApiKey, visibleKeys } from '../../actions/api-keys.js';
import { createApiKeyRequest } from '../../api/api-keys/create.js';
import { parse } from '../../api/schemas.js';
import { type ApiKey, isValid } from '../../domain/api-key.js';
import { permissions } from '../../domain/permission.js';
import { Button, ButtonLink, Callout, Fold, Form, PostButton, Time, Words } from '../components/basics.js';
import { CopyRows } from '../components/code.js';
import { Field, GroupError } from '../components/field.js';
import { ScopePath } from '../components/scope.js';
import { Cell, Table } from '../components/table.js';
import { type FieldOf, isFine, type Wrong, wrongOf } from '../form-errors.js';
import { PageHead } from '../layout.js';
import { usePage, useTexts } from '../page-context.js';
import type { WebSession } from '../session.js';
import { type Routes, refusalOf, type Visit } from '../site.js';

const dayMs = 86_400_000;

/** API keys. They require a session that an API key opened; links can't create keys. */
export function addKeyPages(routes: Routes): void {
  const { deps } = routes.site;

  routes.get('/keys', (visit) => sendKeys(visit));

  routes.post('/keys', async (visit) => {
    const refused = await refusalOf(async () => {
      const wanted = parse(createApiKeyRequest, requestIn(visit, deps.clock.now()), 'body');
      const made = await createApiKey(deps, visit.by, makerOf(visit.session), wanted);
      await visit.send(<CreatedKey apiKey={made.key} text={made.text} />);
    });
    if (refused) await sendKeys(visit, wrongOf(refused, visit.texts, fieldOf));
  });

  routes.post('/keys/:id/revoke', async (visit) => {
    await revokeApiKey(deps, visit.by, makerOf(visit.session), visit.id);
    return visit.seeOther('/keys?done=key-revoked');
  });

  async function sendKeys(visit: Visit, wrong: Wrong = {}): Promise<void> {
    const keys = await visibleKeys(deps.store, makerOf(visit.session));
    await visit.loadTargetNames();
    const form: KeyForm = {
      name: visit.field('name'),
      chosen: visit.fields('permission'),
      scope: visit.field('scope'),
      duration: visit.field('duration'),
      days: visit.field('days'),
      wrong,
    };
    return visit.send(<Keys keys={keys} form={form} />, { status: isFine(wrong) ? 200 : 422 });
  }
}

/** A new key as it was typed. */
interface KeyForm {
  readonly name: string;
  readonly chosen: readonly string[];
  readonly scope: string;
  readonly duration: string;
  readonly days: string;
  readonly wrong: Wrong;
}

/** The field of the form for each member of the request. */
const fieldOf: FieldOf = {
  permissions: 'permission',
  scope: 'scope',
  ceilings: 'duration',
  expiresAt: 'days',
};

const makerOf = ({ organizationId, authority, key }: WebSession): KeyMaker => ({
  organizationId,
  authority,
  key,
});

/** The request as the API takes it, without empty fields. */
function requestIn(visit: Visit, now: number) {
  const [scope, duration, days] = ['scope', 'duration', 'days'].map((name) => visit.field(name).trim());
  const names = (scope ?? '').split('/');
  // Four or more names: an invalid scope, never a shortened one, which would reach further than was typed.
  const [project, environment, architecture] = names.length > 3 ? [''] : names;
  return {
    name: visit.field('name').trim(),
    permissions: visit.fields('permission'),
    ...(scope && {
      scope: {
        project,
        ...(environment !== undefined && { environment }),
        ...(architecture !== undefined && { architecture }),
      },
    }),
    ...(duration && { ceilings: { durationSeconds: Number(duration) } }),
    ...(days && { expiresAt: expiryOf(Number(days), now) }),
  };
}

/** An invalid number stays as text, so that the schema rejects it. */
const expiryOf = (days: number, now: number): string =>
  Number.isInteger(days) && days >= 1 && days <= 3_650
    ? new Date(now + days * dayMs).toISOString()
    : String(days);

function Keys({ keys, form }: { keys: readonly ApiKey[]; form: KeyForm }) {
  const { keys: texts, list } = useTexts();
  const { columns } = list;
  const { now } = usePage();
  const valid = keys.filter((key) => isValid(key, now));
  const ended = keys.filter((key) => !isValid(key, now));
  return (
    <>
      <PageHead title={texts.title} lead={texts.lead} />
      <div class="stack">
        <div class="card">
          <Table
            label={texts.title}
            titles={[columns.name, columns.permissions, texts.scope, texts.expires, texts.lastUsed]}
            hasAction
          >
            {[...valid, ...ended].map((key) => (
              <Row apiKey={key} />
            ))}
          </Table>
        </div>
        <NewKey {...form} />
      </div>
    </>
  );
}

function Row({ apiKey }: { apiKey: ApiKey }) {
  const { keys: texts, list } = useTexts();
  const { columns } = list;
  const { session, now } = usePage();
  const { id, name, scope, expiresAt, lastUsedAt, revokedAt } = apiKey;
  return (
    <tr role="row">
      <Cell label={columns.name}>{name}</Cell>
      <Cell label={columns.permissions}>
        <code class="break">{apiKey.permissions.join(' ')}</code>
      </Cell>
      <Cell label={texts.scope}>{scope ? <ScopePath scope={scope} /> : texts.everything}</Cell>
      <Cell label={texts.expires}>
        {expiresAt ? <time datetime={expiresAt}>{expiresAt.slice(0, 10)}</time> : texts.never}
      </Cell>
      <Cell label={texts.lastUsed}>{lastUsedAt ? <Time iso={lastUsedAt} /> : texts.never}</Cell>
      <Cell>
        {!isValid(apiKey, now) && (revokedAt ? texts.revoked : texts.expired)}
        {isValid(apiKey, now) && id !== session?.key?.id && (
          <Fold
            title={
              <>
                {texts.revoke} <span class="sr">{name}</span>
              </>
            }
          >
            <p class="help">{texts.revokeLine}</p>
            <PostButton path={`/keys/${id}/revoke`} look="danger" size="sm">
              {texts.revoke}
            </PostButton>
          </Fold>
        )}
      </Cell>
    </tr>
  );
}

function NewKey({ wrong, chosen, ...given }: KeyForm) {
  const { keys: texts, common, list } = useTexts();
  const own = usePage().session?.authority.permissions ?? [];
  const optional = (name: 'scope' | 'duration' | 'days') => ({
    name,
    label: texts[name],
    optional: common.optional,
    value: given[name],
    error: wrong[name],
  });
  return (
    <section class="card card-pad stack" aria-labelledby="new">
      <h2 id="new">{texts.create}</h2>
      {wrong.form && <Callout kind="danger" icon="alert" role="alert" title={<Words text={wrong.form} />} />}
      <Form path="/keys" kind="stack">
        <Field
          name="name"
          label={list.columns.name}
          value={given.name}
          error={wrong.name}
          maxlength={100}
          required
          width="m"
        />
        <fieldset class="field">
          <legend class="label">{list.columns.permissions}</legend>
          {wrong.permission && <GroupError text={wrong.permission} />}
          {permissions
            .filter((permission) => own.includes(permission))
            .map((permission) => (
              <label class="choice">
                <input
                  class="tick"
                  type="checkbox"
                  name="permission"
                  value={permission}
                  checked={chosen.includes(permission)}
                />
                <code>{permission}</code>
              </label>
            ))}
        </fieldset>
        <Field {...optional('scope')} help={texts.scopeHelp} mono width="m" />
        <Field {...optional('duration')} numeric width="s" />
        <Field {...optional('days')} numeric width="s" />
        <div class="actions">
          <Button look="primary">{texts.create}</Button>
        </div>
      </Form>
    </section>
  );
}

function CreatedKey({ apiKey, text }: { apiKey: ApiKey; text: string }) {
  const { keys: texts, signIn } = useTexts();
  return (
    <>
      <PageHead title={texts.created} lead={apiKey.name} />
      <div class="card narrow">
        <div class="section">
          <CopyRows rows={[[signIn.key, text]]} />
          <Callout kind="warn" icon="lock" title={texts.once} />
          <div class="actions">
            <ButtonLink path="/keys" look="primary">
              {texts.back}
            </ButtonLink>
          </div>
        </div>
      </div>
    </>
  );
}
