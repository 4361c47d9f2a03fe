import { migrateToRole, rotateAccessKey } from '../../actions/change-access-key.js';
import { createAccessKeyConnection } from '../../actions/create-access-key-connection.js';
import { accessKeyIn, rotateAccessKeyRequest } from '../../api/access-key-schema.js';
import { createAccessKeyConnectionRequest } from '../../api/connections/requests.js';
import { statusOf } from '../../api/problem.js';
import { parse } from '../../api/schemas.js';
import type { Connection } from '../../domain/connection.js';
import { RolebridgeError } from '../../domain/errors.js';
import { requireWholeOrganization } from '../../domain/permission.js';
import { PartitionField } from '../components/account-fields.js';
import {
  AsideCard,
  Button,
  ButtonLink,
  Callout,
  Fold,
  Form,
  WordItems,
  Words,
} from '../components/basics.js';
import { Field } from '../components/field.js';
import { type FieldOf, isFine, type Wrong, wrongOf } from '../form-errors.js';
import { ConnectionHead, Crumbs, PageHead } from '../layout.js';
import { useTexts } from '../page-context.js';
import { type Routes, refusalOf, type Visit } from '../site.js';
import { accessKeysRefused } from './new-connection.js';

/** A form for a key; secrets are never shown again. */
interface KeyForm {
  readonly partitions: readonly string[];
  readonly given: { readonly name: string; readonly partition: string; readonly accessKeyId: string };
  readonly wrong: Wrong;
  /** Nothing was decided: the same form may be sent again. */
  readonly isInconclusive: boolean;
}

/** The other way in: a new connection with an access key, another key, the move to a role. */
export function addAccessKeyPages(routes: Routes): void {
  const { site } = routes;
  const { deps } = site;
  const requireAccessKeysHere = () => {
    const refused = accessKeysRefused(site);
    if (refused)
      throw new RolebridgeError('access_key_turned_off', refused, {
        remedy: 'Start a new connection with a role.',
      });
  };
  const keyIn = (visit: Visit) => ({
    accessKeyId: visit.field('accessKeyId'),
    secretAccessKey: visit.field('secretAccessKey'),
    ...(visit.field('sessionToken') !== '' && { sessionToken: visit.field('sessionToken') }),
  });
  const formOf = (visit: Visit, error?: RolebridgeError): KeyForm => ({
    partitions: [...deps.principals.keys()],
    given: {
      name: visit.field('name'),
      partition: visit.field('partition'),
      accessKeyId: visit.field('accessKeyId').slice(0, 128),
    },
    wrong: error ? wrongOf(error, visit.texts, fieldOf) : {},
    isInconclusive: error?.retryAfterSeconds !== undefined,
  });

  routes.get('/connections/new/access-key', (visit) => {
    requireAccessKeysHere();
    return sendNew(visit);
  });

  routes.post('/connections/new/access-key', async (visit) => {
    requireAccessKeysHere();
    requireWholeOrganization(visit.session.authority);
    const refused = await refusalOf(async () => {
      const values = { name: visit.field('name'), partition: visit.field('partition') };
      const given = { method: 'access_key', ...values, ...keyIn(visit) };
      const body = parse(createAccessKeyConnectionRequest, given, 'body');
      const connection = await createAccessKeyConnection(deps, visit.by, visit.session.organizationId, {
        ...body,
        ...accessKeyIn(body),
        partition: body.partition,
      });
      visit.seeOther(`/connections/${connection.id}/setup#step`);
    });
    if (refused) await sendNew(visit, refused);
  });

  routes.get('/connections/:id/access-key', async (visit) => sendReplace(visit, await visit.connection()));

  routes.post('/connections/:id/access-key', async (visit) => {
    const connection = await visit.connection();
    const refused = await refusalOf(async () => {
      const body = parse(rotateAccessKeyRequest, keyIn(visit), 'body');
      await rotateAccessKey(deps, visit.by, connection, accessKeyIn(body));
    });
    if (refused) return sendReplace(visit, connection, refused);
    return visit.seeOther(`/connections/${connection.id}?done=rotated`);
  });

  routes.post('/connections/:id/migrate-to-role', async (visit) => {
    const connection = await visit.connection();
    await migrateToRole(deps, visit.by, connection);
    return visit.seeOther(`/connections/${connection.id}/setup?done=migrating`);
  });

  function sendNew(visit: Visit, error?: RolebridgeError): Promise<void> {
    return visit.send(<NewKeyPage {...formOf(visit, error)} />, { status: answerStatus(error) });
  }

  function sendReplace(visit: Visit, connection: Connection, error?: RolebridgeError): Promise<void> {
    const view = <ReplaceKeyPage connection={connection} {...formOf(visit, error)} />;
    return visit.send(view, { status: answerStatus(error) });
  }
}

/** The status of an invalid form is 422, like that of a key that AWS refuses. */
function answerStatus(error: RolebridgeError | undefined): number {
  if (error === undefined) return 200;
  return error.code === 'request_invalid' ? 422 : statusOf(error);
}

function NewKeyPage(form: KeyForm) {
  const { accessKey: texts, list, setup } = useTexts();
  return (
    <>
      <Crumbs
        links={[
          ['/connections', list.title],
          ['/connections/new', setup.crumb],
        ]}
        here={texts.crumb}
      />
      <PageHead title={texts.title} lead={texts.lead} />
      <div class="with-side">
        <div class="card">
          <Form path="/connections/new/access-key">
            <div class="section">
              <Problem {...form} />
              <Field
                name="name"
                label={list.columns.name}
                value={form.given.name}
                error={form.wrong.name}
                help={setup.nameHelp}
                maxlength={100}
                width="m"
              />
              <PartitionField
                partitions={form.partitions}
                chosen={form.given.partition}
                error={form.wrong.partition}
              />
              <KeyFields form={form} />
              <div class="actions">
                <Button look="primary" busy={setup.checkingBusy}>
                  {texts.connect}
                </Button>
              </div>
            </div>
          </Form>
        </div>
        <aside class="stack" aria-label={texts.better}>
          <AsideCard title={texts.better} line={texts.betterLine}>
            <ButtonLink path="/connections/new" size="sm">
              {texts.useRole}
            </ButtonLink>
          </AsideCard>
        </aside>
      </div>
    </>
  );
}

function ReplaceKeyPage({ connection, ...form }: KeyForm & { connection: Connection }) {
  const { accessKey: texts, setup } = useTexts();
  return (
    <>
      <ConnectionHead connection={connection} title={texts.replaceTitle} lead={texts.replaceLead} />
      <div class="card narrow">
        <Form path={`/connections/${connection.id}/access-key`}>
          <div class="section">
            <Problem {...form} />
            <KeyFields form={form} />
            <div class="actions">
              <Button look="primary" busy={setup.checkingBusy}>
                {texts.replace}
              </Button>
            </div>
          </div>
        </Form>
      </div>
    </>
  );
}

function KeyFields({ form }: { form: KeyForm }) {
  const { accessKey: texts, common } = useTexts();
  return (
    <>
      <Field
        name="accessKeyId"
        label={texts.id}
        value={form.given.accessKeyId}
        error={form.wrong.accessKeyId}
        placeholder="AKIA…"
        width="m"
        mono
      />
      <Field
        name="secretAccessKey"
        label={texts.secret}
        type="password"
        error={form.wrong.secretAccessKey}
        help={isFine(form.wrong) ? undefined : texts.again}
        width="m"
      />
      <Field
        name="sessionToken"
        label={texts.token}
        optional={common.optional}
        type="password"
        error={form.wrong.sessionToken}
        help={texts.tokenHelp}
        width="m"
      />
      <Fold title={texts.how}>
        <ol class="nums small">
          <WordItems texts={texts.howSteps} />
        </ol>
        <p class="help">{texts.never}</p>
      </Fold>
    </>
  );
}

/** The field for each error of AWS. */
const fieldOf: FieldOf = {
  access_key_invalid: 'accessKeyId',
  access_key_expired: 'accessKeyId',
  root_access_key: 'accessKeyId',
};

/** Errors of no single field. */
const Problem = ({ wrong, isInconclusive }: KeyForm) =>
  wrong.form ? (
    <Callout
      kind={isInconclusive ? undefined : 'danger'}
      icon={isInconclusive ? 'clock' : 'alert'}
      role="alert"
      title={<Words text={wrong.form} />}
    />
  ) : null;
