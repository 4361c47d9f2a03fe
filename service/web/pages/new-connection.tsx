import { createConnection } from '../../actions/create-connection.js';
import { defaultName } from '../../api/connections/requests.js';
import { isAccountId } from '../../domain/ids.js';
import { requireWholeOrganization } from '../../domain/permission.js';
import { type PermissionSetView, viewPermissionSet } from '../../domain/permission-set-view.js';
import { isPermissionPreset } from '../../templates/index.js';
import {
  AccountField,
  AccountStepForm,
  PartitionField,
  PermissionChoices,
  SetChoices,
} from '../components/account-fields.js';
import { Fold, Link } from '../components/basics.js';
import { CurrentStep, LaterStep, PairCard, Remark } from '../components/steps.js';
import { isFine, type Wrong } from '../form-errors.js';
import { Crumbs, PageHead } from '../layout.js';
import { useTexts } from '../page-context.js';
import { leftOut, newestSets } from '../permission-sets.js';
import type { Routes, Site, Visit } from '../site.js';
import type { Texts } from '../texts/index.js';

/** The first step of a connection that exists already. */
export interface AccountForm {
  readonly account: string;
  readonly permissions: string;
  /** The optional statements that were left out. */
  readonly without?: readonly string[] | undefined;
  readonly wrong: Wrong;
}

interface NewConnection {
  readonly partitions: readonly string[];
  readonly takesKeys: boolean;
  /** The vendor's permission sets; without any there are presets. */
  readonly sets: readonly PermissionSetView[];
  /** Earlier input. */
  readonly given: {
    readonly account: string;
    readonly partition: string;
    readonly permissions: string;
    readonly set: string;
  };
  readonly wrong: Wrong;
}

/** The first step of a new connection: the account, and the role's permissions. */
export function addNewConnectionPage(routes: Routes): void {
  const { site } = routes;
  const { deps } = site;
  const givenIn = (visit: Visit) => ({
    account: visit.field('account').slice(0, 40),
    partition: visit.field('partition'),
    permissions: visit.field('permissions'),
    set: visit.field('set'),
  });
  const show = (visit: Visit, wrong: Wrong = {}) =>
    visit.send(
      <NewConnectionPage
        partitions={[...deps.principals.keys()]}
        takesKeys={accessKeysRefused(site) === undefined}
        given={givenIn(visit)}
        sets={newestSets(site).map((set) => viewPermissionSet(set, leftOut(visit, set)))}
        wrong={wrong}
      />,
      { status: isFine(wrong) ? 200 : 422 },
    );

  routes.get('/connections/new', (visit) => show(visit));

  routes.post('/connections/new/role', async (visit) => {
    const { texts, session } = visit;
    requireWholeOrganization(session.authority);
    const { partition: asked, account, ...given } = givenIn(visit);
    const partition = [...deps.principals.keys()].find((each) => each === asked);
    const accountId = digitsOf(account);
    const sets = newestSets(site);
    const set = sets.find(({ name }) => name === given.set);
    // With permission sets there are no presets.
    const permissions = sets.length === 0 ? given.permissions : 'read-only';
    const wrong = {
      ...wrongIn({ account, permissions }, texts.setup),
      ...(sets.length > 0 && set === undefined && { permissions: texts.setup.permissionsMissing }),
      ...(partition === undefined && { partition: texts.wrong.partition }),
    };
    if (!isFine(wrong) || partition === undefined || !isAccountId(accountId)) return show(visit, wrong);
    const { connection } = await createConnection(deps, visit.by, session.organizationId, {
      name: defaultName,
      partition,
      expectedAccountId: accountId,
      ...(set && { permissionSet: set.name, without: leftOut(visit, set) }),
    });
    return visit.seeOther(`/connections/${connection.id}/setup?permissions=${permissions}`);
  });
}

/** An account as people write it: with spaces or dashes, or without. */
export const digitsOf = (account: string): string => account.replace(/[\s-]/g, '');

/** Errors of the first step. */
export function wrongIn(
  { account, permissions }: { readonly account: string; readonly permissions: string },
  texts: Texts['setup'],
): Wrong {
  return {
    ...(!isAccountId(digitsOf(account)) && {
      account: account.trim() === '' ? texts.accountMissing : texts.accountWrong,
    }),
    ...(!isPermissionPreset(permissions) && { permissions: texts.permissionsMissing }),
  };
}

/** Why this service takes no access keys, and what to do instead. */
export function accessKeysRefused({ deps, brand }: Site): string | undefined {
  if (!deps.acceptsAccessKeys) return `${brand.name} takes no access keys. Connect with a role instead.`;
  if (deps.accessKeyEncryption === undefined)
    return `${brand.name} is not set up to store access keys. Connect with a role instead.`;
  return undefined;
}

function NewConnectionPage({ partitions, takesKeys, given, sets, wrong }: NewConnection) {
  const { setup: texts, list, accessKey } = useTexts();
  return (
    <>
      <Crumbs links={[['/connections', list.title]]} here={texts.crumb} />
      <PageHead title={texts.title} lead={texts.lead} />
      <div class="with-side">
        <ol class="steps">
          <CurrentStep number={1} of={3} title={texts.step1}>
            <AccountStepForm
              path="/connections/new/role"
              account={
                <>
                  <PartitionField partitions={partitions} chosen={given.partition} error={wrong.partition} />
                  <AccountField value={given.account} error={wrong.account} />
                </>
              }
              beside={
                takesKeys && (
                  <span class="small muted">
                    {texts.useKey} <Link path="/connections/new/access-key">{accessKey.title}</Link>
                  </span>
                )
              }
            >
              {sets.length > 0 ? (
                <SetChoices sets={sets} chosen={given.set} error={wrong.permissions} />
              ) : (
                <PermissionChoices chosen={given.permissions} error={wrong.permissions} />
              )}
            </AccountStepForm>
          </CurrentStep>
          <LaterStep number={2} title={texts.step2} line={texts.step2Line} />
          <LaterStep number={3} title={texts.step3} line={texts.step3Line} />
        </ol>
        <aside class="stack" aria-label={texts.whyRole}>
          <PairCard state="pending" line={texts.notConnected} />
          <div class="aside-folds">
            <Fold title={texts.whyRole}>
              <p class="help">{texts.whyRoleAnswer}</p>
            </Fold>
            <Fold title={texts.whatLeaves}>
              <p class="help">{texts.whatLeavesAnswer}</p>
            </Fold>
          </div>
          <Remarks />
        </aside>
      </div>
    </>
  );
}

export const Remarks = () => {
  const texts = useTexts().setup;
  return (
    <div class="small muted stack stack-2 remarks">
      <Remark icon="clock">{texts.time}</Remark>
      <Remark icon="unlink">{texts.end}</Remark>
    </div>
  );
};
