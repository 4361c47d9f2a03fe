/** Authorization of pages. Views hide what a session can't use; this file enforces it. */
import type { Request } from 'express';
import { denied, type Permission } from '../domain/permission.js';
import type { Access } from '../domain/sign-in-link.js';
import type { WebSession } from './session.js';

interface Rule {
  readonly access: Access;
  /** Not for a session of one connection: it shows or needs the rest of the organization. */
  readonly isWide?: true;
  /** The API key permission that is required, too; a link has none. */
  readonly permission?: Permission;
}

/** Every route behind a session; any other POST is refused. */
export const pageRules: Readonly<Record<string, Rule>> = {
  'GET /connections': { access: 'read', isWide: true },
  'GET /keys': { access: 'manage', isWide: true, permission: 'keys:write' },
  'POST /keys': { access: 'manage', isWide: true, permission: 'keys:write' },
  'POST /keys/:id/revoke': { access: 'manage', isWide: true, permission: 'keys:write' },
  'GET /connections/new': { access: 'connect', isWide: true },
  'POST /connections/new/role': { access: 'connect', isWide: true },
  'GET /connections/new/access-key': { access: 'connect', isWide: true },
  'POST /connections/new/access-key': { access: 'connect', isWide: true },
  'GET /connections/:id': { access: 'read' },
  'GET /connections/:id/connected': { access: 'read' },
  'GET /connections/:id/setup': { access: 'connect' },
  'POST /connections/:id/account': { access: 'connect' },
  'POST /connections/:id/callback-secret': { access: 'connect' },
  'POST /connections/:id/setup-code': { access: 'connect' },
  'POST /connections/:id/setup-code/revoke': { access: 'connect' },
  'POST /connections/:id/check': { access: 'connect' },
  'POST /connections/:id/administrator-link': { access: 'manage' },
  'GET /connections/:id/checking': { access: 'connect' },
  'POST /connections/:id/verify': { access: 'connect' },
  'POST /connections/:id/finish': { access: 'connect', isWide: true },
  'GET /connections/:id/access-key': { access: 'connect' },
  'POST /connections/:id/access-key': { access: 'connect' },
  'POST /connections/:id/migrate-to-role': { access: 'manage' },
  'GET /connections/:id/name': { access: 'manage' },
  'POST /connections/:id/name': { access: 'manage' },
  'GET /connections/:id/scope': { access: 'manage', isWide: true },
  'POST /connections/:id/scope': { access: 'manage', isWide: true },
  'GET /connections/:id/rotate': { access: 'manage' },
  'POST /connections/:id/rotate': { access: 'manage' },
  'POST /connections/:id/external-id': { access: 'manage' },
  'POST /connections/:id/external-id/cancel': { access: 'manage' },
  'GET /connections/:id/delete': { access: 'manage' },
  'POST /connections/:id/delete': { access: 'manage' },
};

const levels: Record<Access, number> = { read: 0, connect: 1, manage: 2 };

function ruleOf(method: string, path: string): Rule | undefined {
  const [, root, id = '', ...rest] = path.split('/');
  const named = id === '' || id === 'new' ? id : ':id';
  const route = [root, named, ...rest].filter((part) => part !== '').join('/');
  return pageRules[`${method} /${route}`];
}

/** The page that a form sent to this path is on: at the same path, or at the one around it. */
export function pageBehind(path: string): string {
  const around = path.slice(0, path.lastIndexOf('/'));
  return around === '' || ruleOf('GET', path) ? path : pageBehind(around);
}

/** @throws RolebridgeError `permission_denied` */
export function requireAccess(session: WebSession, { method, path }: Request): void {
  const rule = ruleOf(method === 'HEAD' ? 'GET' : method, path);
  // Unknown GET paths fall through to the 404 page.
  if (rule === undefined && method !== 'POST') return;
  if (isAllowed(session, rule)) return;
  throw denied('Your sign-in does not allow this.', 'Ask the person who sent you the link.');
}

/** May this session do it? For pages, which show no button that would be refused. */
export const mayOpen = (session: WebSession | undefined, route: keyof typeof pageRules): boolean => {
  const rule = pageRules[route];
  return session !== undefined && isAllowed(session, rule);
};

const isAllowed = ({ access, connectionId, authority }: WebSession, rule: Rule | undefined): boolean =>
  rule !== undefined &&
  levels[access] >= levels[rule.access] &&
  (connectionId === undefined || !rule.isWide) &&
  (rule.permission === undefined || authority.permissions.includes(rule.permission));
