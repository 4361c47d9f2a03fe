import { routes } from '../../client/api.js';
import { messageOf } from '../unknown-value.js';
import { calls } from './calls.js';
import type { CallId, CommandRow } from './command-row.js';
import { expiresIn } from './expiry.js';
import { UsageError } from './failure.js';
import { camelCase, fileText, nameValue, type OptionRow, oneOf, wholeNumber } from './option-row.js';
import { allOrganizationsOption, operatorOptions, remoteOptions, serviceOptions } from './service-options.js';
import { scopeOf } from './target-options.js';

interface Member {
  readonly kind?: 'number' | 'flag' | 'list' | 'scope' | 'scopes' | 'texts' | 'json';
  readonly isRemovable?: true;
  readonly description?: string;
  readonly values?: readonly string[];
  readonly range?: readonly [least: number, most: number];
}
interface KnownCall {
  readonly summary: string;
  readonly isForOperator?: true;
  readonly isForAllOrganizations?: true;
  /** The list of the answer, and the query parameter that continues it. */
  readonly pages?: { readonly list: string; readonly cursor: 'after' | 'before' };
  /** Query parameters of a call that has a body too. */
  readonly query?: readonly string[];
  /** Query parameters and members of the body; a text without rules is its description. */
  readonly members?: Readonly<Record<string, Member | string>>;
}

export const callOf = (id: CallId): KnownCall => calls[id];

type Route = (typeof routes)[keyof typeof routes];
const knownRoutes: Readonly<Record<string, Route>> = routes;
/** `undefined` for a call that the client sends in its own way. */
export const routeOf = (id: CallId): Route | undefined => knownRoutes[id];

/** `connection rename <id> <name>`: its words and its arguments. */
export function partsOf({ usage }: CommandRow): { words: string[]; args: string[] } {
  const parts = usage.split(' ');
  const isArgument = (part: string) => /^[<[]/.test(part);
  return { words: parts.filter((part) => !isArgument(part)), args: parts.filter(isArgument) };
}

/** Credentials of the command's requests. */
export const asksOf = ({ asks, call }: CommandRow): CommandRow['asks'] =>
  asks ?? (call && (callOf(call).isForOperator ? 'operator' : 'service'));

export const descriptionOf = ({ about, call }: CommandRow): string =>
  about ?? (call === undefined ? '' : asPhrase(callOf(call).summary));

/** Members that are arguments, after the parameters of the path. */
export function argumentMembers(row: CommandRow): { readonly skipped: number; readonly names: string[] } {
  const { call } = row;
  if (call === undefined) return { skipped: 0, names: [] };
  const { members = {} } = callOf(call);
  const skipped = (routeOf(call)?.path ?? '{id}').split('{').length - 1;
  const names = partsOf(row)
    .args.slice(skipped)
    .map((part) => camelCase(part.replace(/[^\w-]/g, '')));
  return { skipped, names: names.filter((name) => name in members) };
}

/** Options of members, with the member that each one sets. */
export function memberOptions(
  row: CommandRow,
): { readonly name: string; readonly member: Member; readonly option: OptionRow }[] {
  const { call, members: changed = {} } = row;
  if (call === undefined || changed === false) return [];
  const { names: taken } = argumentMembers(row);
  const { members = {} } = callOf(call);
  return Object.entries(members).flatMap(([name, known]) => {
    const member = typeof known === 'string' ? { description: known } : known;
    const own = changed[name];
    if (taken.includes(name) || own === false) return [];
    const expiry = expiryOf(name, member);
    if (expiry) return [{ name, member, option: expiry }];
    const [flags = flagsOf(name, member), about = aboutOf(name, member), ownParse] = own ?? [];
    const parse = ownParse ?? parserOf(/--[\w-]+/.exec(flags)?.[0] ?? '', member);
    return [{ name, member, option: { flags, about, ...(parse && { parse }) } }];
  });
}

export function optionsOf(row: CommandRow): OptionRow[] {
  const { call, limit, options = [] } = row;
  const asks = asksOf(row);
  return [
    ...memberOptions(row).map(({ option }) => option),
    ...(limit === undefined ? [] : [limitOption(limit)]),
    ...options,
    ...(call && callOf(call).isForAllOrganizations ? [allOrganizationsOption] : []),
    ...(asks ? optionsByCredentials[asks] : []),
  ];
}

const optionsByCredentials = { service: serviceOptions, operator: operatorOptions, machine: remoteOptions };

const limitOption = (usual: number): OptionRow => ({
  flags: '--limit <number>',
  about: `maximum number (${usual})`,
  parse: wholeNumber('--limit', 1, 100_000),
});

/** `expiresInSeconds` and `expiresAt` are one option. */
function expiryOf(name: string, { description, range }: Member) {
  if (name === 'expiresInSeconds') return expiresIn(({ seconds }) => seconds, '', range);
  if (name !== 'expiresAt') return undefined;
  return expiresIn(({ at }) => at, description && `; ${asPhrase(description)}`);
}

function flagsOf(name: string, { kind }: Member): string {
  const words = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const value = kind === 'texts' ? 'name=value...' : kind === 'json' ? 'file' : words.split('-').at(-1);
  return `--${words}${kind === 'flag' ? '' : ` <${value}>`}`;
}

function aboutOf(name: string, { kind, description, values, isRemovable }: Member): string {
  const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  const text = [description ? asPhrase(description) : `the ${words}`, values?.join(', ')].filter(Boolean);
  const more = [
    kind === 'list' && 'separated by commas',
    kind === 'scope' && 'PROJECT[/ENVIRONMENT[/ARCHITECTURE]] or "organization"',
    kind === 'json' && 'a JSON file',
    isRemovable && '"" removes it',
  ].filter((one) => one !== false && one !== undefined);
  return [text.join(': '), ...more].join('; ');
}

function parserOf(flag: string, { kind, values, range, isRemovable }: Member): OptionRow['parse'] {
  const parse: Partial<Record<NonNullable<Member['kind']>, NonNullable<OptionRow['parse']>>> = {
    number: wholeNumber(flag, ...(range ?? [0, 999_999_999])),
    list: (text, before: readonly string[] = []) => [...before, ...text.split(',')],
    scope: scopeOf,
    texts: nameValue(flag),
    json: jsonFile,
  };
  const known = kind ? parse[kind] : values && oneOf(flag, values);
  if (!isRemovable) return known;
  return (text, before) => (text !== '' && known ? known(text, before) : text);
}

function jsonFile(path: string): object {
  const text = fileText(path);
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch (error) {
    throw new UsageError(`${path} can't be read as JSON: ${messageOf(error)}`);
  }
  throw new UsageError(`${path} is not a JSON object.`);
}

/** A sentence in commander's style: no capital, no full stop. */
const asPhrase = (sentence: string): string =>
  sentence.replace(/^[A-Z](?![A-Z])/, (letter) => letter.toLowerCase()).replace(/\.$/, '');
