import type { Operations, Scope } from './api.js';

/** The body of a call. */
export type RequestBody<Id extends keyof Operations> = Exclude<
  Operations[Id]['args'][number],
  string | undefined
>;

/** The query of a call; numbers are written as numbers. */
export type RequestQuery<Id extends keyof Operations> = Exclude<
  Operations[Id]['args'][number],
  string | undefined
>;

/** The answer of a call. */
export type Answer<Id extends keyof Operations> = Operations[Id]['answer'];

/** Short-lived credentials for a target. */
export type Credentials = Answer<'issueCredentials'>;
/** Where a connection applies: up to three names. */
export type ConnectionScope = Scope;
