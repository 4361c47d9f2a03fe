/** Every page in every state, with the visitor and the steps that lead to it. */
import type { Page } from 'playwright-core';
import type { Vendor } from '../vendor.js';
import { type Ids, startVendorWithConnections } from './every-state.js';

/** A person that is not a member of the organization, or one whose link opens one connection of it. */
type Visitor = 'anonymous' | 'operator' | 'newcomer' | 'large' | 'administrator' | 'embedded';

/** One page in one state. */
export interface PageState {
  readonly name: string;
  readonly path: string;
  /** The visitor. @default a member of the organization */
  readonly as?: Visitor;
  /** Steps that bring the page into the state. */
  readonly act?: Step;
}

type Step = (page: Page) => Promise<unknown>;

export async function startVendorInEveryState() {
  const started = await startVendorWithConnections();
  return { ...started, pages: pagesOf(started.vendor, started.ids) };
}

function pagesOf(vendor: Vendor, ids: Ids): PageState[] {
  const of = (id: string, end = '') => `/connections/${id}${end}`;
  /** Steps that lead to a page with that part. */
  const leadTo =
    (part: string, ...steps: Step[]): Step =>
    async (page) => {
      for (const step of steps) await step(page);
      await page.locator(part).waitFor();
    };
  const fill =
    (field: string, text: string): Step =>
    (page) =>
      page.locator(field).fill(text);
  const press: Step = (page) =>
    page.locator('main form:not([role=search]) button[type=submit]').first().click();
  const pressOf =
    (action: string): Step =>
    (page) =>
      page.locator(`form[action$="${action}"] button`).first().click();
  const check =
    (roleArn: string): Step =>
    async (page) => {
      await page.locator('form[data-check] input[name=roleArn]').first().fill(roleArn);
      await page.locator('form[data-check]:has(#roleArn) button').last().click();
    };
  const throttled =
    (roleArn: string, act: Step): Step =>
    async (page) => {
      vendor.sandbox.faults.set({ kind: 'throttle', roleArn });
      await act(page);
      vendor.sandbox.faults.clear();
    };
  const setup = (format: string) => of(ids.pending, `/setup?format=${format}`);
  return [
    { name: 'sign-in', path: '/sign-in', as: 'anonymous' },
    {
      name: 'sign-in-refused',
      path: '/sign-in',
      as: 'anonymous',
      act: leadTo('role=alert', fill('#apiKey', 'rbk_wrong'), press),
    },
    { name: 'link', path: '/sign-in/link?token=x', as: 'anonymous' },
    {
      name: 'link-dead',
      path: '/sign-in/link?token=x',
      as: 'anonymous',
      act: leadTo('.plain code >> nth=0', press),
    },
    { name: 'list', path: '/connections' },
    { name: 'list-failed', path: '/connections?status=failed' },
    { name: 'list-by-account', path: '/connections?sort=account' },
    { name: 'list-none', path: '/connections?q=nothing+like+this' },
    { name: 'list-deleted', path: '/connections?done=deleted' },
    { name: 'list-many', path: '/connections', as: 'large' },
    { name: 'list-empty', path: '/connections', as: 'newcomer' },
    { name: 'setup-1', path: '/connections/new' },
    {
      name: 'setup-1-error',
      path: '/connections/new',
      act: leadTo('[aria-invalid=true]', fill('#account', '12345'), press),
    },
    { name: 'access-key-new', path: '/connections/new/access-key' },
    {
      name: 'access-key-error',
      path: '/connections/new/access-key',
      act: leadTo('[aria-invalid=true] >> nth=0', fill('#accessKeyId', 'AKIAWRONG'), press),
    },
    ...['console', 'cloudformation', 'terraform', 'cdktn', 'cdktf', 'aws-cli'].map((format) => ({
      name: `setup-2-${format}`,
      path: setup(format),
    })),
    { name: 'setup-2-code', path: of(ids.spare, '/setup?format=cdktf') },
    { name: 'setup-2-account', path: of(ids.pending, '/setup?step=account') },
    {
      name: 'setup-2-arn-error',
      path: setup('console'),
      act: leadTo('[aria-invalid=true]', check('arn:aws:iam::12:role/x')),
    },
    {
      name: 'setup-2-secret',
      path: setup('terraform'),
      act: leadTo('#deploy', pressOf('/callback-secret')),
    },
    {
      name: 'setup-2-new-project',
      path: setup('cdktn'),
      act: leadTo(
        '#setup-command',
        (page) =>
          page.evaluate(`document.querySelector('details:has(form[action$="/setup-code"])').open = true`),
        pressOf('/setup-code'),
      ),
    },
    {
      name: 'setup-2-checking',
      path: of(ids.slow, '/setup?step=role'),
      act: leadTo(
        '.check[data-state=passed] >> nth=1',
        leadTo('.check[data-state=running] p', check(ids.slowArn)),
      ),
    },
    {
      name: 'setup-2-inconclusive',
      path: of(ids.unanswered, '/setup?step=role'),
      act: throttled(
        ids.unansweredArn,
        leadTo('[data-step] .callout[role=status]', check(ids.unansweredArn)),
      ),
    },
    { name: 'setup-2-failed', path: of(ids.failed, '/setup') },
    { name: 'setup-2-denied', path: of(ids.denied, '/setup') },
    { name: 'setup-2-migrating', path: of(ids.migrating, '/setup') },
    {
      name: 'administrator-link',
      path: setup('console'),
      act: leadTo('.callout-warn', pressOf('/administrator-link')),
    },
    { name: 'administrator-setup', path: setup('terraform'), as: 'administrator' },
    { name: 'administrator-connection', path: of(ids.pending), as: 'administrator' },
    { name: 'administrator-refused', path: of(ids.pending, '/scope'), as: 'administrator' },
    ...['', '?format=terraform'].map((query) => ({
      name: `embedded-setup${query.slice(8)}`,
      path: `/embedded${of(ids.pending, '/setup')}${query}`,
      as: 'embedded' as const,
    })),
    { name: 'embedded-failed', path: `/embedded${of(ids.failed, '/setup')}`, as: 'embedded' },
    { name: 'embedded-success', path: `/embedded${of(ids.proven, '/connected')}`, as: 'embedded' },
    { name: 'setup-3', path: of(ids.unscoped, '/setup') },
    {
      name: 'setup-3-error',
      path: of(ids.unscoped, '/setup'),
      act: leadTo('role=alert >> nth=0', (page) =>
        page.locator('form[action$="/finish"] button[type=submit]').first().click(),
      ),
    },
    { name: 'success', path: of(ids.proven, '/connected') },
    { name: 'success-key', path: of(ids.accessKey, '/connected') },
    { name: 'success-tested', path: of(ids.tested, '/connected') },
    { name: 'connection', path: of(ids.proven) },
    { name: 'connection-menu', path: of(ids.proven), act: (page) => page.locator('.menu summary').click() },
    {
      name: 'connection-checks',
      path: of(ids.proven),
      act: (page) => page.locator('section .fold summary').first().click(),
    },
    { name: 'connection-verified', path: of(ids.proven, '?done=verified') },
    { name: 'connection-tested', path: of(ids.tested) },
    { name: 'connection-failed', path: of(ids.failed) },
    { name: 'connection-denied', path: of(ids.denied) },
    {
      name: 'connection-inconclusive',
      path: of(ids.proven),
      act: throttled(ids.otherArn, leadTo('.con .callout[role=status]', pressOf('/verify'))),
    },
    { name: 'connection-incomplete', path: of(ids.incomplete) },
    { name: 'connection-outdated', path: of(ids.outdated) },
    { name: 'connection-rotating', path: of(ids.rotating) },
    { name: 'connection-gone', path: of(ids.gone) },
    { name: 'connection-pending', path: of(ids.pending) },
    { name: 'connection-key', path: of(ids.accessKey) },
    { name: 'replace-key', path: of(ids.accessKey, '/access-key') },
    { name: 'replace-role', path: of(ids.proven, '/setup?step=role') },
    {
      name: 'replace-role-failed',
      path: of(ids.tested, '/setup?step=role'),
      act: leadTo('.verdict', check(ids.otherArn)),
    },
    { name: 'as-code', path: of(ids.proven, '/setup?step=role&format=terraform') },
    { name: 'scope', path: of(ids.proven, '/scope') },
    {
      name: 'scope-conflict',
      path: of(ids.proven, '/scope'),
      act: async (page) => {
        await page.locator('input[type=checkbox][name=scope]').first().check();
      },
    },
    { name: 'keys', path: '/keys' },
    {
      name: 'keys-error',
      path: '/keys',
      act: leadTo(
        '[aria-invalid=true] >> nth=0',
        fill('#name', 'runner'),
        fill('#scope', 'a/b/c/d'),
        (page) => page.locator('form[action$="/keys"] button').last().click(),
      ),
    },
    { name: 'name', path: of(ids.proven, '/name') },
    { name: 'rotate-ask', path: of(ids.proven, '/rotate') },
    { name: 'rotate', path: of(ids.rotating, '/rotate') },
    ...['cloudformation', 'terraform', 'aws-cli'].map((format) => ({
      name: `rotate-${format}`,
      path: of(ids.rotating, `/rotate?format=${format}`),
    })),
    {
      name: 'rotate-unchanged',
      path: of(ids.rotating, '/rotate'),
      act: leadTo('.card .callout[role=status]', pressOf('/rotate')),
    },
    { name: 'rotate-done', path: of(ids.rotated, `/rotate?to=${ids.rotatedTo}`) },
    { name: 'rotate-old-accepted', path: of(ids.bothAccepted, '/rotate') },
    { name: 'delete', path: of(ids.proven, '/delete') },
    {
      name: 'delete-error',
      path: of(ids.proven, '/delete'),
      act: leadTo('[aria-invalid=true]', fill('#name', 'something else'), press),
    },
    {
      name: 'form-refused',
      path: of(ids.proven, '/name'),
      act: leadTo(
        '.plain code >> nth=0',
        (page) => page.evaluate("document.querySelector('main [name=csrf]').remove()"),
        press,
      ),
    },
    { name: 'not-found', path: '/connections/nothing' },
    { name: 'not-found-anywhere', path: '/nothing-here', as: 'anonymous' },
    { name: 'problem', path: '/problems/external_id_not_required', as: 'anonymous' },
    { name: 'api-reference', path: '/docs', as: 'anonymous' },
    { name: 'operator-sign-in', path: '/operator/sign-in', as: 'anonymous' },
    { name: 'operator-link', path: '/operator/sign-in/link?token=x', as: 'anonymous' },
    { name: 'operator', path: '/operator', as: 'operator' },
    { name: 'operator-failed', path: '/operator?status=failed', as: 'operator' },
    { name: 'operator-organizations', path: '/operator/organizations', as: 'operator' },
    { name: 'operator-none', path: '/operator/organizations?q=nothing+like+this', as: 'operator' },
    { name: 'operator-not-found', path: '/operator/organizations/org_none', as: 'operator' },
    {
      name: 'operator-organization',
      path: `/operator/organizations/${vendor.organization.id}`,
      as: 'operator',
    },
    { name: 'operator-oldest', path: '/operator?status=connected&sort=checked', as: 'operator' },
    { name: 'operator-found', path: '/operator?q=o', as: 'operator' },
    { name: 'operator-audit', path: '/operator/audit', as: 'operator' },
    {
      name: 'operator-audit-connection',
      path: `/operator/organizations/${vendor.organization.id}/audit?connection=${ids.failed}`,
      as: 'operator',
    },
    { name: 'operator-webhooks-none', path: '/operator/webhooks?status=failed', as: 'operator' },
    { name: 'operator-webhooks-all', path: '/operator/webhooks', as: 'operator' },
    {
      name: 'operator-webhooks',
      path: `/operator/organizations/${vendor.organization.id}/webhooks`,
      as: 'operator',
    },
  ];
}
