/**
 * Every error code in one row: status, title, meaning, how to see it, fix. Problem details, `/problems/{code}`,
 * `docs/troubleshooting.md`, `rolebridge explain`, the pages and the OpenAPI document read it.
 */
import { keysOf } from '../keys-of.js';
import { accessKeyErrors } from './access-keys.js';
import type { ErrorRow } from './error-row.js';
import { idempotencyErrors } from './idempotency.js';
import { organizationErrors } from './organizations.js';
import { requestErrors } from './requests.js';
import { roleErrors } from './roles.js';
import { webhookErrors } from './webhooks.js';

export type { ErrorRow } from './error-row.js';

/** The rows by subject, as the documents list them. */
export const errorGroups = [
  ['Roles and connections', roleErrors],
  ['Access keys', accessKeyErrors],
  ['Organizations and the operator', organizationErrors],
  ['Webhook endpoints', webhookErrors],
  ['Idempotency keys', idempotencyErrors],
  ['Requests and the service', requestErrors],
] as const satisfies readonly (readonly [string, Readonly<Record<string, ErrorRow>>])[];

const rows = {
  ...roleErrors,
  ...accessKeyErrors,
  ...organizationErrors,
  ...webhookErrors,
  ...idempotencyErrors,
  ...requestErrors,
};

/** A stable code of a problem. */
export type ErrorCode = keyof typeof rows;

export const errorCatalog: Readonly<Record<ErrorCode, ErrorRow>> = rows;

export const errorCodes = keysOf(rows);

export const isErrorCode = (text: string): text is ErrorCode => Object.hasOwn(rows, text);
