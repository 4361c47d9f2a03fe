/** `service/cli/calls.ts`: each call as the command line offers it, from the OpenAPI document. The program starts without the schemas. */
import { createOpenApiDocument } from '../../service/api/openapi.js';
import type { Operation } from '../../service/api/operation.js';
import { operations } from '../../service/api/operations.js';

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly description?: string;
  /** A secret, which is never an option: other users see options in the process list. */
  readonly writeOnly?: boolean;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}
interface Described {
  readonly parameters?: readonly { name: string; in: string; schema: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { schema: Schema }>> };
  readonly responses: Readonly<Record<string, { content?: Readonly<Record<string, { schema?: Schema }>> }>>;
}

/** Operations without a row in the table of commands, with the command that covers each. */
export const coveredElsewhere: Readonly<Record<string, string>> = {
  resolveMany: 'for a backend; `rolebridge resolve` asks for one target',
  issueCredentials: '`rolebridge credentials` and `rolebridge exec`',
  cancelExternalIdRotation: '`rolebridge connection rotate-external-id --cancel`',
  revokeSetupCode: '`rolebridge connection setup-code --revoke`',
  replayWebhookDelivery: '`rolebridge webhooks replay --delivery`',
  reencrypt: '`rolebridge reencrypt`',
};

/** The most values that a help text lists. */
const mostValues = 12;
const scope = '#/components/schemas/Scope';

export function cliCalls(): string {
  // zod-openapi's own types know far more of a document than is read here.
  const { paths, components } = createOpenApiDocument(operations, '') as unknown as {
    paths: Record<string, Record<string, Described>>;
    components: { schemas: Record<string, Schema> };
  };
  const resolved = ({ $ref, ...schema }: Schema): Schema => ({
    ...($ref !== undefined && components.schemas[$ref.split('/').at(-1) ?? '']),
    ...schema,
  });
  const membersIn = (schema: Schema): [string, Schema][] => {
    const { properties = {}, anyOf = [], oneOf = [] } = resolved(schema);
    return [...Object.entries(properties), ...[...anyOf, ...oneOf].flatMap(membersIn)];
  };
  const kindOf = (schema: Schema): string | undefined => {
    if (schema.$ref === scope) return 'scope';
    const { type, items, additionalProperties } = resolved(schema);
    if (type === 'integer') return 'number';
    if (type === 'boolean') return 'flag';
    if (type === 'array') return items?.$ref === scope ? 'scopes' : items && kindOf(items) ? 'json' : 'list';
    if (type !== 'object') return undefined;
    return typeof additionalProperties === 'object' && additionalProperties.type === 'string'
      ? 'texts'
      : 'json';
  };
  const memberOf = (schema: Schema) => {
    const choices = schema.anyOf ?? [];
    const isRemovable = choices.some(({ type }) => type === 'null');
    const known = isRemovable ? (choices.find(({ type }) => type !== 'null') ?? {}) : schema;
    const { description, enum: own, items, minimum, maximum } = resolved(known);
    const isFlag = own?.join() === 'true,false';
    const values = isFlag ? undefined : (own ?? (items && resolved(items).enum));
    const kind = isFlag ? 'flag' : kindOf(known);
    const member = {
      ...(kind && { kind }),
      ...(isRemovable && { isRemovable }),
      ...(description && { description }),
      ...(values && values.length <= mostValues && { values }),
      ...(minimum !== undefined && maximum !== undefined && { range: [minimum, maximum] }),
    };
    // A text that has nothing but a description.
    return Object.keys(member).every((key) => key === 'description') ? (description ?? '') : member;
  };
  const entries = Object.entries<Operation>(operations)
    .filter(([id, { auth }]) => ['organization', 'operator'].includes(auth) && !(id in coveredElsewhere))
    .map(([id, { path, method, summary, auth, isForAllOrganizations }]) => {
      const { parameters = [], requestBody, responses = {} } = paths[path]?.[method] ?? {};
      const body = requestBody?.content['application/json']?.schema;
      const parametersOfQuery = parameters.filter(({ in: place }) => place === 'query');
      const cursor = parametersOfQuery.find(({ name }) => /^(after|before)$/.test(name))?.name;
      const answered = membersIn(responses['200']?.content?.['application/json']?.schema ?? {});
      const list = answered.find(([, schema]) => resolved(schema).type === 'array')?.[0];
      // The command requests all pages.
      const inQuery = parametersOfQuery.filter(({ name }) => name !== cursor && name !== 'limit');
      const inBody = (body ? membersIn(body) : []).filter(
        ([, { const: fixed, writeOnly = false }]) => fixed === undefined && !writeOnly,
      );
      const members = [
        ...inQuery.map(({ name, schema }) => [name, memberOf(schema)] as const),
        ...inBody.map(([name, schema]) => [name, memberOf(schema)] as const),
      ];
      const isForOperator = auth === 'operator';
      const call = {
        summary,
        ...(isForOperator && { isForOperator }),
        ...(isForAllOrganizations && { isForAllOrganizations }),
        ...(cursor && { pages: { list, cursor } }),
        ...(body && inQuery.length > 0 && { query: inQuery.map(({ name }) => name) }),
        ...(members.length > 0 && { members: Object.fromEntries(members) }),
      };
      return [id, call] as const;
    });
  return [
    '// Generated by `npm run docs` from the table of operations (service/api/operations.ts). Do not edit.',
    '',
    `export const calls = ${JSON.stringify(Object.fromEntries(entries))} as const;`,
    '',
  ].join('\n');
}
