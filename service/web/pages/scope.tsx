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
import { ConnectionHead } from '../layout.js';
import { useTexts } from '../page-context.js';
import { type Routes, refusalOf, type Visit } from '../site.js';
import type { Texts } from '../texts/index.js';
import { nothingTyped, type ScopeChoices, type ScopeForm, scopeChoices } from './scope-choices.js';
import { sendSetup } from './setup.js';

/** The scope of a connection: the last step of the set-up, and a separate page later. */
export function addScopePages(routes: Routes): void {
  const { site } = routes;
  const { deps } = site;

  routes.post('/connections/:id/finish', async (visit) => {
    const connection = await visit.connection();
    const isLater = visit.field('later') !== '';
    const form = await formIn(visit, connection, { withName: true, needsScope: !isLater });
    if (!isFine(form.wrong)) return again(form, 422);
    const refused = await refusalOf(async () => {
      const { name } = parse(renameRequest, { name: form.name }, 'body');
      if (!isLater) await saveScopes(visit, connection, form, name);
      else if (name !== connection.name) await changeConnection(deps, visit.by, connection, { name });
    });
    if (refused) return again({ ...form, wrong: wrongOf(refused, visit.texts) }, statusOf(refused));
    return visit.seeOther(`/connections/${connection.id}/connected`);

    async function again(wrong: ScopeForm, status: number): Promise<void> {
      const now = await visit.connection();
      return sendSetup(visit, now, { scopeForm: await entered(now, wrong) }, status);
    }
  });

  routes.get('/connections/:id/scope', async (visit) => sendScope(visit, await visit.connection()));

  routes.post('/connections/:id/scope', async (visit) => {
    const connection = await visit.connection();
    const form = await formIn(visit, connection, { withName: false, needsScope: false });
    const again = async (wrong: ScopeForm, status: number) =>
      sendScope(visit, connection, await entered(connection, wrong), status);
    if (!isFine(form.wrong)) return again(form, 422);
    const refused = await refusalOf(() => saveScopes(visit, connection, form));
    if (refused) return again({ ...form, wrong: wrongOf(refused, visit.texts) }, statusOf(refused));
    return visit.seeOther(`/connections/${connection.id}?done=scopes`);
  });

  async function saveScopes(
    { by, session }: Visit,
    connection: Connection,
    { chosen, replaced }: ScopeForm,
    name?: string,
  ): Promise<void> {
    const scopes = [...chosen].map(scopeFromKey);
    for (const scope of scopes) requireScope(session.authority, scope);
    await setScopes(deps, by, connection, scopes, replaced, session.authority, name);
  }

  /** After an error: a typed scope that is taken moves into the list, where its conflict can be confirmed. */
  async function entered(connection: Connection, form: ScopeForm): Promise<ScopeForm> {
    const { project, environment, architecture } = form.wrong;
    const key = keyOf(form.typed);
    if (key === '' || project || environment || architecture) return form;
    const isTaken = (await takenOf(connection, new Set([key]))).length > 0;
    if (isTaken) return { ...form, typed: nothingTyped };
    return { ...form, chosen: new Set([...form.chosen].filter((each) => each !== key)) };
  }

  async function sendScope(
    visit: Visit,
    connection: Connection,
    form?: ScopeForm,
    status = 200,
  ): Promise<void> {
    const choices = await scopeChoices(visit, connection, form);
    return visit.send(<ScopePage {...choices} />, { status });
  }

  /** The input with its errors. A choice is used exactly: no level is ever filled in. */
  async function formIn(
    visit: Visit,
    connection: Connection,
    { withName, needsScope }: { withName: boolean; needsScope: boolean },
  ): Promise<ScopeForm> {
    const { texts } = visit;
    const typed = {
      project: visit.field('project').trim(),
      environment: visit.field('environment').trim(),
      architecture: visit.field('architecture').trim(),
    };
    const wrongNames = wrongIn(typed, texts);
    const key = isFine(wrongNames) ? keyOf(typed) : '';
    const checked = visit.fields('scope');
    const chosen = new Set([...checked.filter(isKey), ...(key === '' ? [] : [key])]);
    const replaced = new Set(visit.fields('replace'));
    const taken = needsScope || !withName ? await takenOf(connection, chosen) : [];
    const name = visit.field('name').trim();
    const wrong = {
      ...wrongNames,
      ...(withName && name === '' && { name: texts.setup.nameMissing }),
      ...(needsScope && chosen.size === 0 && isFine(wrongNames) && { form: texts.scope.none }),
      ...(taken.some((each) => !replaced.has(each)) && { form: texts.scope.conflict }),
      // Ignored, it would remove a scope that is in use.
      ...(!checked.every(isKey) && { form: texts.scope.unknown }),
    };
    return { name, chosen, replaced, typed, wrong };
  }

  /** The holders of these scopes that conflict, with the scope; a disconnected one does not. */
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
