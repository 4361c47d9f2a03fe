import type { z } from 'zod';
import type * as answers from '../api/openapi/answers.js';
import type { Operations } from '../api/openapi/operations.js';
import type { Branded } from '../domain/ids.js';

/** The inner types' brands are no business of a caller: their values are texts. */
type Plain<T> =
  T extends Branded<string>
    ? string
    : T extends readonly (infer Item)[]
      ? Plain<Item>[]
      : T extends object
        ? { [Key in keyof T]: Plain<T[Key]> }
        : T;

/** What goes into a call's body, as the schema that validates it has it. */
export type RequestBody<Id extends keyof Operations> = Operations[Id] extends {
  body: infer Schema extends z.ZodType;
}
  ? Plain<z.input<Schema>>
  : never;

/** What goes into a call's query; numbers are written as numbers. */
export type RequestQuery<Id extends keyof Operations> = Operations[Id] extends {
  query: infer Schema extends z.ZodType;
}
  ? Omit<Plain<z.input<Schema>>, 'limit'> & { limit?: number | undefined }
  : never;

/** What a call answers. */
export type Answer<Id extends keyof Operations> = Operations[Id]['answer'] extends {
  schema: infer Schema extends z.ZodType;
}
  ? Plain<z.output<Schema>>
  : undefined;

/** A connection as the API shows it. */
export type Connection = z.output<typeof answers.connection>;
/** With all that a customer makes the role with. */
export type CreatedConnection = z.output<typeof answers.createdRoleConnection>;
/** What the service answers when it refuses (RFC 9457). */
export type Problem = z.output<typeof answers.problem>;
/** Who did what when. */
export type AuditRecord = Answer<'listAuditRecords'>['records'][number];
/** An API key, without the key itself. */
export type ApiKey = Answer<'listApiKeys'>['apiKeys'][number];
/** Short-lived credentials for a target. */
export type Credentials = Answer<'issueCredentials'>;
/** Where a connection applies: up to three names. */
export type Scope = Connection['scopes'][number];
type CreateRequest = RequestBody<'createConnection'>;
/** What makes a connection with an access key. */
export type CreateAccessKeyConnectionRequest = Extract<CreateRequest, { method: 'access_key' }>;
/** What makes a connection with a role. */
export type CreateRoleConnectionRequest = Exclude<CreateRequest, { method: 'access_key' }>;
