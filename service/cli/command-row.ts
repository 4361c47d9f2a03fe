import type { Operations } from '../../client/api.js';
import type { RolebridgeClient } from '../../client/index.js';
import type { OperatorCommand } from '../actions/run-operator-command.js';
import type { calls } from './calls.js';
import type { OptionRow } from './option-row.js';
import type { Terminal } from './terminal.js';

export type CallId = keyof typeof calls;

/** One parsed command line. */
export interface Given<Options = object> {
  readonly terminal: Terminal;
  /** Arguments in the order of the usage. */
  readonly words: readonly string[];
  readonly options: Options & { readonly json?: boolean };
  /** Query and body of the row's call. */
  readonly members: Readonly<Record<string, unknown>>;
  readonly table: readonly CommandRow[];
  /** @throws UsageError when the URL or the secret is missing */
  client(): Promise<RolebridgeClient>;
}

/** Flags, description and parser in place of the derived ones; `false` for no option. */
type MemberOption = readonly [flags: string, about?: string, parse?: OptionRow['parse']] | false;

/** One command. Help, options, completion and documentation come from its row. */
export interface CommandRow {
  /** Words, then arguments. Those of a call are its path parameters, then members: `connection rename <id> <name>`. */
  readonly usage: string;
  readonly example: string;
  /** The operation that describes the command and its options. The command calls it unless it has `run`. */
  readonly call?: CallId;
  /** Description, in place of the operation's summary. */
  readonly about?: string;
  /** Options of members that differ from the derived ones; `false` for no options of members. */
  readonly members?: Readonly<Record<string, MemberOption | undefined>> | false;
  readonly options?: readonly OptionRow[];
  /** Credentials of the request; `machine`: none unless `--url` is given. @default those of the call, or none */
  readonly asks?: 'service' | 'operator' | 'machine';
  /** The default of `--limit`, for a list that is printed in part. */
  readonly limit?: number;
  /** Options are for the command that it runs, from its first argument on. */
  readonly passesOptions?: true;
  /** Members of the request that follow from `options`. @throws UsageError */
  request?(given: Given): object | Promise<object>;
  /** The verb for an answer without content: `deleted` prints "deleted ID". */
  readonly done?: string;
  /** Prints the answer for people. @default as JSON */
  show?(answer: unknown, given: Given): void;
  /** Runs on the machine of the service, in place of a call. */
  command?(given: Given): OperatorCommand;
  /** Runs the command in place of the call. */
  run?(given: Given): Promise<void> | void;
}

type Member<Id extends CallId> = (typeof calls)[Id] extends { members: infer Members }
  ? keyof Members
  : never;
type AnswerOf<Id extends CallId> = Id extends keyof Operations ? Operations[Id]['answer'] : never;

/** A row whose members and answer are those of the call. */
export const ofCall = <Id extends CallId>(
  call: Id,
  row: Omit<CommandRow, 'call' | 'members' | 'show'> & {
    readonly members?: { readonly [Name in Member<Id>]?: MemberOption } | false;
    show?(answer: AnswerOf<Id>, given: Given): void;
  },
): CommandRow => ({ ...row, call });
