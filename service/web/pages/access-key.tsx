import type { Request, Response, Router } from 'express';
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
import { Button, ButtonLink, Callout, Crumbs, Fold, Form, WordItems, Words } from '../components/basics.js';
import { Field } from '../components/field.js';
import { type FieldOf, isFine, type Wrong, wrongOf } from '../form-errors.js';
import { PageHead } from '../layout.js';
import { useTexts } from '../page-context.js';
import {
  byOf,
  connectionIn,
  expected,
  field,
  type Site,
  seeOther,
  sendPage,
  sessionOf,
  textsOf,
} from '../site.js';
import { ConnectionHead } from './connection-head.js';
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
export function addAccessKeyPages(pages: Router, site: Site): void {
  const { deps } = site;
  const requireAccessKeysHere = () => {
    const refused = accessKeysRefused(site);
    if (refused)
      throw new RolebridgeError('access_key_turned_off', refused, {
        remedy: 'Start a new connection with a role.',
      });
  };
  const keyIn = (request: Request) => ({
    accessKeyId: field(request, 'accessKeyId'),
    secretAccessKey: field(request, 'secretAccessKey'),
    ...(field(request, 'sessionToken') !== '' && { sessionToken: field(request, 'sessionToken') }),
  });
  const formOf = (request: Request, response: Response, error?: RolebridgeError): KeyForm => ({
    partitions: [...deps.principals.keys()],
    given: {
      name: field(request, 'name'),
      partition: field(request, 'partition'),
      accessKeyId: field(request, 'accessKeyId').slice(0, 128),
    },
    wrong: error ? wrongOf(error, textsOf(site, response), fieldOf) : {},
    isInconclusive: error?.retryAfterSeconds !== undefined,
  });

  pages.get('/connections/new/access-key', (request, response) => {
    requireAccessKeysHere();
    return sendNew(request, response);
  });

  pages.post('/connections/new/access-key', async (request, response) => {
    requireAccessKeysHere();
    requireWholeOrganization(sessionOf(response).authority);
    const values = { name: field(request, 'name'), partition: field(request, 'partition') };
    try {
      const body = parse(
        createAccessKeyConnectionRequest,
        { method: 'access_key', ...values, ...keyIn(request) },
        'body',
      );
      const connection = await createAccessKeyConnection(
        deps,
        byOf(response),
        sessionOf(response).organizationId,
        { ...body, ...accessKeyIn(body), partition: body.partition },
      );
      return seeOther(site, response, `/connections/${connection.id}/setup#step`);
    } catch (error) {
      return sendNew(request, response, expected(error));
    }
  });

  pages.get('/connections/:id/access-key', async (request, response) =>
    sendReplace(request, response, await connectionIn(site, request, response)),
  );

  pages.post('/connections/:id/access-key', async (request, response) => {
    const connection = await connectionIn(site, request, response);
    try {
      const body = parse(rotateAccessKeyRequest, keyIn(request), 'body');
      await rotateAccessKey(deps, byOf(response), connection, accessKeyIn(body));
    } catch (error) {
      return sendReplace(request, response, connection, expected(error));
    }
    return seeOther(site, response, `/connections/${connection.id}?done=rotated`);
  });

  pages.post('/connections/:id/migrate-to-role', async (request, response) => {
    const connection = await connectionIn(site, request, response);
    await migrateToRole(deps, byOf(response), connection);
    return seeOther(site, response, `/connections/${connection.id}/setup?done=migrating`);
  });

  function sendNew(request: Request, response: Response, error?: RolebridgeError): Promise<void> {
    const { title } = textsOf(site, response).accessKey;
    const view = <NewKeyPage {...formOf(request, response, error)} />;
    return sendPage(site, response, { title }, view, error ? answerStatus(error) : 200);
  }

  function sendReplace(
    request: Request,
    response: Response,
    connection: Connection,
    error?: RolebridgeError,
  ): Promise<void> {
    const { replaceTitle } = textsOf(site, response).accessKey;
    const view = <ReplaceKeyPage connection={connection} {...formOf(request, response, error)} />;
    return sendPage(site, response, { title: replaceTitle }, view, error ? answerStatus(error) : 200);
  }
}

/** A form that is not filled in right is 422, as a key that AWS refuses. */
const answerStatus = (error: RolebridgeError): number =>
  error.code === 'request_invalid' ? 422 : statusOf(error);

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
                label={setup.name}
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
                <Button look="primary" busy={texts.busy}>
                  {texts.connect}
                </Button>
              </div>
            </div>
          </Form>
        </div>
        <aside class="stack" aria-label={texts.better}>
          <div class="card card-pad stack stack-3">
            <h2>{texts.better}</h2>
            <p class="small muted">{texts.betterLine}</p>
            <ButtonLink path="/connections/new" size="sm">
              {texts.useRole}
            </ButtonLink>
          </div>
        </aside>
      </div>
    </>
  );
}

function ReplaceKeyPage({ connection, ...form }: KeyForm & { connection: Connection }) {
  const { accessKey: texts } = useTexts();
  return (
    <>
      <ConnectionHead connection={connection} title={texts.replaceTitle} lead={texts.replaceLead} />
      <div class="card narrow">
        <Form path={`/connections/${connection.id}/access-key`}>
          <div class="section">
            <Problem {...form} />
            <KeyFields form={form} />
            <div class="actions">
              <Button look="primary" busy={texts.busy}>
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

/** Which fields an error of AWS is about. */
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
