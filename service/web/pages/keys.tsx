import type { Request, Response, Router } from 'express';
import { createApiKey, type KeyMaker, revokeApiKey, visibleKeys } from '../../actions/api-keys.js';
import { createApiKeyRequest } from '../../api/api-keys/create.js';
import { parse } from '../../api/schemas.js';
import { type ApiKey, isValid } from '../../domain/api-key.js';
import { permissions } from '../../domain/permission.js';
import { Button, ButtonLink, Callout, Form, PostButton, Time, Words } from '../components/basics.js';
import { CopyRows } from '../components/code.js';
import { Field } from '../components/field.js';
import { GroupError } from '../components/group-error.js';
import { ScopePath } from '../components/scope.js';
import { TableHead } from '../components/table-head.js';
import { type FieldOf, isFine, type Wrong, wrongOf } from '../form-errors.js';
import { PageHead } from '../layout.js';
import { usePage, useTexts } from '../page-context.js';
import type { WebSession } from '../session.js';
import {
  byOf,
  expected,
  field,
  fields,
  loadTargetNames,
  noticeOf,
  type Site,
  seeOther,
  sendPage,
  sessionOf,
  textsOf,
} from '../site.js';

const dayMs = 86_400_000;

/** API keys, for a person who signed in with one that may make them: a link makes none. */
export function addKeyPages(pages: Router, site: Site): void {
  const { deps } = site;

  pages.get('/keys', (request, response) => sendKeys(request, response));

  pages.post('/keys', async (request, response) => {
    try {
      const wanted = parse(createApiKeyRequest, requestIn(request, deps.clock.now()), 'body');
      const made = await createApiKey(deps, byOf(response), makerOf(sessionOf(response)), wanted);
      const { created } = textsOf(site, response).keys;
      return await sendPage(
        site,
        response,
        { title: created, section: 'keys' },
        <CreatedKey apiKey={made.key} text={made.text} />,
      );
    } catch (error) {
      const wrong = wrongOf(expected(error), textsOf(site, response), fieldOf);
      return sendKeys(request, response, wrong);
    }
  });

  pages.post('/keys/:id/revoke', async (request: Request<{ id: string }>, response) => {
    await revokeApiKey(deps, byOf(response), makerOf(sessionOf(response)), request.params.id);
    return seeOther(site, response, '/keys?done=key-revoked');
  });

  async function sendKeys(request: Request, response: Response, wrong: Wrong = {}): Promise<void> {
    const keys = await visibleKeys(deps.store, makerOf(sessionOf(response)));
    await loadTargetNames(site, response);
    const { title } = textsOf(site, response).keys;
    const head = {
      title,
      section: 'keys' as const,
      notice: isFine(wrong) ? noticeOf(site, request, response) : undefined,
    };
    const form: KeyForm = {
      name: field(request, 'name'),
      chosen: fields(request, 'permission'),
      scope: field(request, 'scope'),
      duration: field(request, 'duration'),
      days: field(request, 'days'),
      wrong,
    };
    return sendPage(site, response, head, <Keys keys={keys} form={form} />, isFine(wrong) ? 200 : 422);
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

/** Where the request has what the form's fields hold. */
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

/** As the API takes it, without empty fields. */
function requestIn(request: Request, now: number) {
  const [scope, duration, days] = ['scope', 'duration', 'days'].map((name) => field(request, name).trim());
  const names = (scope ?? '').split('/');
  // More than three names are no scope, and none is dropped: a key must not reach further than was typed.
  const [project, environment, architecture] = names.length > 3 ? [''] : names;
  return {
    name: field(request, 'name').trim(),
    permissions: fields(request, 'permission'),
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

/** Not a time: the rule says so. */
const expiryOf = (days: number, now: number): string =>
  Number.isInteger(days) && days >= 1 && days <= 3_650
    ? new Date(now + days * dayMs).toISOString()
    : String(days);

function Keys({ keys, form }: { keys: readonly ApiKey[]; form: KeyForm }) {
  const texts = useTexts().keys;
  const { now } = usePage();
  const valid = keys.filter((key) => isValid(key, now));
  const ended = keys.filter((key) => !isValid(key, now));
  return (
    <>
      <PageHead title={texts.title} lead={texts.lead} />
      <div class="stack">
        <div class="card">
          <table class="table" role="table" aria-label={texts.title}>
            <TableHead
              titles={[texts.name, texts.permissions, texts.scope, texts.expires, texts.lastUsed]}
              hasAction
            />
            <tbody role="rowgroup">
              {[...valid, ...ended].map((key) => (
                <Row apiKey={key} />
              ))}
            </tbody>
          </table>
        </div>
        <NewKey {...form} />
      </div>
    </>
  );
}

function Row({ apiKey }: { apiKey: ApiKey }) {
  const texts = useTexts().keys;
  const { session, now } = usePage();
  const { id, name, scope, expiresAt, lastUsedAt, revokedAt } = apiKey;
  const cell = (title: string, content: unknown) => (
    <td role="cell" data-label={title}>
      {content}
    </td>
  );
  return (
    <tr role="row">
      {cell(texts.name, name)}
      {cell(texts.permissions, <code class="break">{apiKey.permissions.join(' ')}</code>)}
      {cell(texts.scope, scope ? <ScopePath scope={scope} /> : texts.everything)}
      {cell(
        texts.expires,
        expiresAt ? <time datetime={expiresAt}>{expiresAt.slice(0, 10)}</time> : texts.never,
      )}
      {cell(texts.lastUsed, lastUsedAt ? <Time iso={lastUsedAt} /> : texts.never)}
      <td role="cell">
        {!isValid(apiKey, now) && (revokedAt ? texts.revoked : texts.expired)}
        {isValid(apiKey, now) && id !== session?.key?.id && (
          <PostButton path={`/keys/${id}/revoke`} size="sm" label={texts.revokeThe(name)}>
            {texts.revoke}
          </PostButton>
        )}
      </td>
    </tr>
  );
}

function NewKey({ wrong, chosen, ...given }: KeyForm) {
  const { keys: texts, common } = useTexts();
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
          label={texts.name}
          value={given.name}
          error={wrong.name}
          maxlength={100}
          required
          width="m"
        />
        <fieldset class="field">
          <legend class="label">{texts.permissions}</legend>
          {wrong.permission && <GroupError>{wrong.permission}</GroupError>}
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
  const texts = useTexts().keys;
  return (
    <>
      <PageHead title={texts.created} lead={apiKey.name} />
      <div class="card narrow">
        <div class="section">
          <CopyRows rows={[[texts.key, text]]} />
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
