/** Every bad request that one operation must refuse, derived from its declaration. */
import { createOpenApiDocument } from '../../service/api/openapi.js';
import type { Example, Operation } from '../../service/api/operation.js';
import { operations } from '../../service/api/operations.js';
import type { Schema } from '../json-schema.js';
import { accepts, type BadValue, badValues, kindsOf, prototypeNames } from './families.js';
import { badHeaders, headersOf } from './headers.js';
import { inlined, membersOf, objectsIn, valueAt, variantsOf, withValue } from './members.js';

export interface BadRequest {
  readonly family: string;
  /** The member: `body.scope.project`, `query.limit`, `path.id`, `header.authorization`. */
  readonly at: string;
  readonly path: string;
  readonly body?: string | Buffer | undefined;
  /** In the place of the good ones; undefined: left out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** It may also do nothing harmful: what is refused is not said by the schema. */
  readonly mayBeTaken?: boolean;
  /** Sent with a value that must not come back. */
  readonly secret?: string | undefined;
  /** The same request about a thing that there is not: the answers must be equal. */
  readonly unknown?: Omit<BadRequest, 'unknown'>;
  /** Stand in the two. */
  readonly ids?: readonly [string, string];
}

export interface Ids {
  /** Of the other organization. */
  readonly others: readonly string[];
  /** Puts what there is in the place of what the examples name. */
  readonly put: (text: string) => string;
}

const isGood = ({ returns }: Example) => typeof returns === 'number';
const goodFirst = ({ examples }: Operation): Example[] =>
  Object.values(examples).sort((one, other) => Number(isGood(other)) - Number(isGood(one)));

/** The used parts of an operation in `/openapi.json`. */
interface Described {
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}
const document = createOpenApiDocument(operations, 'https://vendor.example');
const describedOf = ({ method, path }: Operation): Described =>
  Reflect.get(document.paths?.[path] ?? {}, method) as Described;
const whole = (schema: Schema): Schema =>
  inlined(schema, document.components?.schemas as Record<string, Schema>);

export function badRequestsOf(operation: Operation, ids: Ids): BadRequest[] {
  return [
    ...inPath(operation, ids),
    ...inQuery(operation, ids),
    ...inBody(operation, ids),
    ...inHeaders(operation, ids),
  ];
}

/** Every place of a request that can be bad, but for members that take anything. */
export function placesOf(operation: Operation): string[] {
  const { parameters = [], requestBody } = describedOf(operation);
  const content = Object.values(requestBody?.content ?? {})[0];
  const variants = content ? variantsOf(whole(content.schema), []) : [];
  return [
    ...parameters.map((one) => `${one.in}.${one.name}`),
    ...variants.flatMap(({ schema }) =>
      membersOf(schema)
        .filter((member) => kindsOf(member.schema).size > 0)
        .map(({ path }) => ['body', ...path].join('.')),
    ),
    ...headersOf(operation).map((name) => `header.${name}`),
  ];
}

const good = (operation: Operation, { put }: Ids) => {
  const [example] = goodFirst(operation);
  const path = put(
    operation.path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(example?.path?.[name] ?? 'none')),
  );
  const body = example?.body === undefined ? undefined : put(JSON.stringify(example.body));
  return { path, body: operation.body === undefined ? undefined : (body ?? '{}') };
};

const unknownOf = (id: string): string => `${id.slice(0, 4)}${'a'.repeat(id.length - 4)}`;

/** The id is the caller's to choose: words are good ones. */
const takesNames = ({ method, path }: Operation) => method === 'put' && path === '/v1/projects/{id}';

function inPath(operation: Operation, ids: Ids): BadRequest[] {
  const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const { path, body } = good(operation, ids);
  return names.flatMap((name) => {
    const index = operation.path.split('/').indexOf(`{${name}}`);
    const withText = (text: string) =>
      path
        .split('/')
        .map((part, at) => (at === index ? text : part))
        .join('/');
    const at = `path.${name}`;
    const own = path.split('/')[index] ?? '';
    const one = (family: string, text: string): BadRequest => ({ family, at, path: withText(text), body });
    return [
      one('control characters', `${own}%00`),
      one('control characters', `${own}%0d%0ax`),
      one('bad encoding', '%'),
      one('bad Unicode', '%ED%A0%80'),
      one('too long', 'a'.repeat(5_000)),
      one('spaces', `${own}%20`),
      one('another path', `..%2f${own}`),
      one('a list', `${own}%5B%5D`),
      ...prototypeNames
        .filter((text) => !takesNames(operation) || text === '__proto__')
        .map((text) => one('a name of the prototype', text)),
      ...(operation.auth === 'organization' ? othersFor(own, ids) : []).map((id) => ({
        ...one("another organization's", id),
        unknown: one("another organization's", unknownOf(id)),
        ids: [id, unknownOf(id)] as const,
      })),
    ];
  });
}

const othersFor = (own: string, { others }: Ids): string[] =>
  others.filter((id) => id.slice(0, 4) === own.slice(0, 4));

function inQuery(operation: Operation, ids: Ids): BadRequest[] {
  const { path, body } = good(operation, ids);
  const parameters = (describedOf(operation).parameters ?? []).filter((one) => one.in === 'query');
  const isStrict = operation.query !== undefined || ['organization', 'operator'].includes(operation.auth);
  const one = (family: string, at: string, query: string, more: Partial<BadRequest> = {}): BadRequest => ({
    family,
    at,
    path: `${path}?${query}`,
    body,
    ...more,
  });
  const unknown = ['unknownMember=1', '__proto__=1', 'constructor=1', '=1'];
  return [
    ...(isStrict ? unknown : []).map((text) => one('an unknown member', 'query', text)),
    ...parameters.flatMap(({ name, schema }) => {
      const member = whole(schema);
      const at = `query.${name}`;
      const isText = kindsOf(member).has('string');
      const sample =
        goodFirst(operation).flatMap(({ query }) => query?.[name] ?? [])[0] ?? (isText ? 'a' : '1');
      const text = (value: unknown) => `${name}=${encodeURIComponent(String(value))}`;
      // In a query all is text.
      const bad = badValues(isText ? member : { type: 'string' }, sample).filter(
        ({ family, value }) => typeof value === 'string' && !['bad Unicode', 'wrong type'].includes(family),
      );
      return [
        ...bad.map(({ family, value }) => one(family, at, text(value))),
        one('a list', at, `${text(sample)}&${text(sample)}`),
        one('a list', 'query', `${name}%5B%5D=${sample}`),
        one('an object', 'query', `${name}%5Bx%5D=${sample}`),
        ...['9'.repeat(400), '-1', '1e99', '0x10', 'yes', ''].flatMap((value) =>
          isText && accepts(member, value) ? [] : [one('wrong type', at, text(value))],
        ),
        ...[`${name}=%ED%A0%80`, `${name}=%`].map((query) =>
          one('bad encoding', at, query, { mayBeTaken: true }),
        ),
        ...(operation.auth === 'organization' ? isIdLike(member, ids) : []).map((id) =>
          one("another organization's", at, text(id), {
            unknown: one("another organization's", at, text(unknownOf(id))),
            ids: [id, unknownOf(id)],
          }),
        ),
      ];
    }),
  ];
}

/** The other organization's ids that the member takes as ids. */
function isIdLike(schema: Schema, { others }: Ids): string[] {
  const texts = JSON.stringify(schema);
  return /_\[a-z2-7\]/.test(texts) ? others.filter((id) => accepts(schema, id)) : [];
}

const raw = '@raw@';
const rawText = (body: unknown, text: string) => JSON.stringify(body).replace(`"${raw}":0`, text);

function inBody(operation: Operation, ids: Ids): BadRequest[] {
  if (operation.body === undefined) return [];
  const { path } = good(operation, ids);
  const examples = goodFirst(operation).flatMap(({ body }) =>
    body === undefined ? [] : [JSON.parse(ids.put(JSON.stringify(body)))],
  );
  const one = (family: string, at: string, body: string | Buffer, more = {}): BadRequest => ({
    family,
    at,
    path,
    body,
    ...more,
  });
  const content = Object.values(describedOf(operation).requestBody?.content ?? {})[0];
  const variants = variantsOf(whole(content?.schema ?? {}), examples);
  return [
    ...wholeBodies.map(([family, body]) => one(family, 'body', body)),
    ...variants.flatMap((variant) => [
      ...objectsIn(variant).flatMap((object) => {
        const at = ['body', ...object].join('.');
        const known = Object.keys(valueAt(variant.schema.properties, []) ?? {})[0] ?? 'name';
        const withRaw = (text: string) => rawText(withValue(variant.base, [...object, raw], 0), text);
        return [
          one('an unknown member', at, withRaw('"unknownMember":1')),
          one('an unknown member', at, withRaw('"constructor":{"prototype":{"isAdmin":true}}')),
          one('a name of the prototype', 'body', withRaw('"__proto__":{"isAdmin":true}')),
          one('a key twice', 'body', withRaw(`"${known}":1,"${known}":1`)),
        ];
      }),
      ...membersOf(variant.schema).flatMap(({ path: member, schema, isRequired }) => {
        const at = ['body', ...member].join('.');
        const sample = valueAt(variant.base, member);
        const secret = /secret|token/i.test(String(member.at(-1)));
        const send = (value: unknown) => JSON.stringify(withValue(variant.base, member, value));
        const bad: BadValue[] = [
          ...badValues(schema, sample),
          ...(isRequired ? [{ family: 'missing', value: undefined }] : []),
        ];
        return [
          ...bad.map(({ family, value }) =>
            one(family, at, send(value), {
              ...(secret && typeof value === 'string' && value.length > 8 && { secret: value.slice(0, 40) }),
            }),
          ),
          ...(kindsOf(schema).has('string') ? isIdLike(schema, ids) : []).map((id) =>
            one("another organization's", at, send(id), {
              unknown: one("another organization's", at, send(unknownOf(id))),
              ids: [id, unknownOf(id)],
            }),
          ),
        ];
      }),
    ]),
  ];
}

const wholeBodies: readonly [string, string | Buffer][] = [
  ['empty', ''],
  ['null', 'null'],
  ['a list', '[]'],
  ['wrong type', '"text"'],
  ['a huge number', '1e999'],
  ['not JSON', '{'],
  ['not JSON', '{"name":"a",}'],
  ['bad Unicode', Buffer.from([0x7b, 0xff, 0x7d])],
  ['too deep', '['.repeat(10_000)],
  ['too deep', `${'{"a":'.repeat(3_000)}1${'}'.repeat(3_000)}`],
  ['too long', `{"name":"${'a'.repeat(70_000)}"}`],
  ['too many', `{${Array.from({ length: 5_000 }, (_, index) => `"k${index}":1`).join(',')}}`],
];

/** Of every header that an operation reads. */
function inHeaders(operation: Operation, ids: Ids): BadRequest[] {
  const request = good(operation, ids);
  const one = (family: string, name: string, value: string | undefined): BadRequest => ({
    family,
    at: `header.${name}`,
    ...request,
    headers: { [name]: value },
  });
  return headersOf(operation).flatMap((name) =>
    (badHeaders[name] ?? []).map(([family, value]) => one(family, name, value)),
  );
}
