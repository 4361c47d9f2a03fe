import type { Request, Response, Router } from 'express';
import { changeConnection, setScopes } from '../../actions/change-connection.js';
import { renameRequest } from '../../api/connections/requests.js';
import { statusOf } from '../../api/problem.js';
import { parse } from '../../api/schemas.js';
import type { Connection } from '../../domain/connection.js';
import { holderAndKey } from '../../domain/connection-scopes.js';
import { requireScope } from '../../domain/permission.js';
import { scopeFromKey, scopeName } from '../../domain/scope.js';
import { ScopeFields } from '../components/scope-fields.js';
import { isFine, wrongOf } from '../form-errors.js';
import { useTexts } from '../page-context.js';
import {
  byOf,
  connectionIn,
  expected,
  field,
  fields,
  type Site,
  seeOther,
  sendPage,
  sessionOf,
  textsOf,
} from '../site.js';
import type { Texts } from '../texts/index.js';
import { ConnectionHead } from './connection-head.js';
import { nothingTyped, type ScopeChoices, type ScopeForm, scopeChoices } from './scope-choices.js';
import { sendSetup } from './setup.js';

type Named = Request<{ id: string }>;

/** Where a connection applies: the last step of the set-up, and a separate page later. */
export function addScopePages(pages: Router, site: Site): void {
  const { deps } = site;

  pages.post('/connections/:id/finish', async (request: Named, response) => {
    const connection = await connectionIn(site, request, response);
    const isLater = field(request, 'later') !== '';
    const form = await formIn(request, response, connection, { withName: true, needsScope: !isLater });
    if (!isFine(form.wrong)) return again(form, 422);
    try {
      const { name } = parse(renameRequest, { name: form.name }, 'body');
      if (!isLater) await saveScopes(response, connection, form, name);
      else if (name !== connection.name) await changeConnection(deps, byOf(response), connection, { name });
    } catch (error) {
      const wrong = wrongOf(expected(error), textsOf(site, response));
      return again({ ...form, wrong }, statusOf(expected(error)));
    }
    return seeOther(site, response, `/connections/${connection.id}/connected`);

    async function again(wrong: ScopeForm, status: number): Promise<void> {
      const now = await connectionIn(site, request, response);
      return sendSetup(site, request, response, now, { scopeForm: await entered(now, wrong) }, status);
    }
  });

  pages.get('/connections/:id/scope', async (request: Named, response) =>
    sendScope(response, await connectionIn(site, request, response)),
  );

  pages.post('/connections/:id/scope', async (request: Named, response) => {
    const connection = await connectionIn(site, request, response);
    const form = await formIn(request, response, connection, { withName: false, needsScope: false });
    const again = async (wrong: ScopeForm, status: number) =>
      sendScope(response, connection, await entered(connection, wrong), status);
    if (!isFine(form.wrong)) return again(form, 422);
    try {
      await saveScopes(response, connection, form);
    } catch (error) {
      const wrong = wrongOf(expected(error), textsOf(site, response));
      return again({ ...form, wrong }, statusOf(expected(error)));
    }
    return seeOther(site, response, `/connections/${connection.id}?done=scopes`);
  });

  function saveScopes(
    response: Response,
    connection: Connection,
    { chosen, replaced }: ScopeForm,
    name?: string,
  ) {
    const scopes = [...chosen].map(scopeFromKey);
    const { authority } = sessionOf(response);
    for (const scope of scopes) requireScope(authority, scope);
    return setScopes(deps, byOf(response), connection, scopes, replaced, authority, name);
  }

  /** The form as it is shown again: a scope that was typed is in the list when a connection there is to be replaced. */
  async function entered(connection: Connection, form: ScopeForm): Promise<ScopeForm> {
    const { project, environment, architecture } = form.wrong;
    const key = keyOf(form.typed);
    if (key === '' || project || environment || architecture) return form;
    const isTaken = (await takenOf(connection, new Set([key]))).length > 0;
    if (isTaken) return { ...form, typed: nothingTyped };
    return { ...form, chosen: new Set([...form.chosen].filter((each) => each !== key)) };
  }

  async function sendScope(
    response: Response,
    connection: Connection,
    form?: ScopeForm,
    status = 200,
  ): Promise<void> {
    const choices = await scopeChoices(site, response, connection, form);
    const title = textsOf(site, response).scope.changeTitle;
    return sendPage(site, response, { title }, <ScopePage {...choices} />, status);
  }

  /** The input with its errors. A choice is used exactly: no level is ever filled in. */
  async function formIn(
    request: Named,
    response: Response,
    connection: Connection,
    { withName, needsScope }: { withName: boolean; needsScope: boolean },
  ): Promise<ScopeForm> {
    const texts = textsOf(site, response);
    const typed = {
      project: field(request, 'project').trim(),
      environment: field(request, 'environment').trim(),
      architecture: field(request, 'architecture').trim(),
    };
    const wrongNames = wrongIn(typed, texts);
    const key = isFine(wrongNames) ? keyOf(typed) : '';
    const checked = fields(request, 'scope');
    const chosen = new Set([...checked.filter(isKey), ...(key === '' ? [] : [key])]);
    const replaced = new Set(fields(request, 'replace'));
    const taken = needsScope || !withName ? await takenOf(connection, chosen) : [];
    const name = field(request, 'name').trim();
    const wrong = {
      ...wrongNames,
      ...(withName && name === '' && { name: texts.setup.nameMissing }),
      ...(needsScope && chosen.size === 0 && isFine(wrongNames) && { form: texts.scope.none }),
      ...(taken.some((each) => !replaced.has(each)) && { form: texts.scope.conflict }),
      // Left out, it would end what applies today.
      ...(!checked.every(isKey) && { form: texts.scope.unknown }),
    };
    return { name, chosen, replaced, typed, wrong };
  }

  /** Of these scopes with their holders, those that another connection holds that its customer did not disconnect. */
  async function takenOf(connection: Connection, keys: ReadonlySet<string>): Promise<string[]> {
    const holders = await deps.store.scopeHolders(connection.organizationId, [...keys]);
    return holders
      .filter(({ connection: holder }) => holder.id !== connection.id && holder.status !== 'disconnected')
      .map(({ key, connection: holder }) => holderAndKey(holder, key));
  }
}

/** The key of the scope that was typed; empty: none was. */
const keyOf = ({ project, environment, architecture }: ScopeForm['typed']): string =>
  [project, environment, architecture].filter(Boolean).join('/');

/** A key of a scope as the form has it; anything else was not sent by the form. */
const isKey = (key: string): boolean =>
  key === '' || (key.split('/').length <= 3 && key.split('/').every((name) => scopeName.test(name)));

/** A gap, or a name that breaks the rule. */
function wrongIn(typed: ScopeForm['typed'], { scope: texts }: Texts): ScopeForm['wrong'] {
  const { project, environment, architecture } = typed;
  const nameOf = (name: string) => (name === '' || scopeName.test(name) ? undefined : texts.wrongName);
  const wrong = {
    project: project === '' && (environment || architecture) ? texts.gap(texts.project) : nameOf(project),
    environment: environment === '' && architecture ? texts.gap(texts.environment) : nameOf(environment),
    architecture: nameOf(architecture),
  };
  return Object.fromEntries(Object.entries(wrong).filter(([, text]) => text !== undefined));
}

function ScopePage(choices: ScopeChoices) {
  const { scope: texts } = useTexts();
  const { connection } = choices;
  return (
    <>
      <ConnectionHead connection={connection} title={texts.changeTitle} lead={texts.changeLead} />
      <div class="card narrow">
        <ScopeFields {...choices} action={`/connections/${connection.id}/scope`} />
      </div>
    </>
  );
}
