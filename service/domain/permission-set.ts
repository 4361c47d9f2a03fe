/**
 * A permission set: the vendor's permissions in an account, with a reason for each statement. The schema is IAM's grammar
 * and its quotas, so that a set that is served can be deployed.
 */
import { z } from 'zod';
import type { DeepReadonly } from './deep-readonly.js';
import { matchesGlob } from './glob.js';

/** Plain text of one line: it is shown on pages, in templates and in terminals. */
const line = (max: number) =>
  z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(max, `must have at most ${max} characters`)
    .regex(
      /^[^\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069\uD800-\uDFFF]*$/u,
      'must be one line without control characters',
    );

const unique = <Item>(items: readonly Item[]) => new Set(items).size === items.length;

const listOf = <Item extends z.ZodType>(item: Item, max: number) =>
  z.array(item).min(1, 'must not be empty').max(max).refine(unique, 'has an entry twice');

/** The characters of a policy: https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html */
const policyText = z
  .string()
  .max(2048)
  .regex(/^[\t\n\r\x20-\xff]*$/, 'has a character that IAM takes in no policy');

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html */
const action = z
  .string()
  .max(256)
  .regex(/^(\*|[a-z0-9-]+:[A-Za-z0-9*?]+)$/, 'must be SERVICE:Action, with * and ? after the colon only');

const concreteAction = action.regex(/^[^*?]+$/, 'must name one action: IAM simulates no wildcards');

const resource = policyText.regex(
  /^(\*|arn:(aws[a-z-]*|\*):[a-z0-9-]+:[^:\s]*:[^:\s]*:\S+)$/,
  'must be * or an ARN',
);

const conditionKey = z
  .string()
  .regex(/^[A-Za-z0-9-]+:[\w+=,.@:/-]+$/, 'must be a condition key, such as aws:PrincipalArn');

const operator = z
  .string()
  .regex(
    /^((ForAllValues|ForAnyValue):)?(String(Not)?(Equals|EqualsIgnoreCase|Like)|Numeric(Not)?Equals|Numeric(Less|Greater)Than(Equals)?|Date(Not)?Equals|Date(Less|Greater)Than(Equals)?|Bool|BinaryEquals|(Not)?IpAddress|Arn(Not)?(Equals|Like))(IfExists)?$|^Null$/,
    'must be an operator of IAM',
  );

const scalar = z.union([policyText, z.number(), z.boolean()]);
const oneOrMany = z.union([scalar, z.array(scalar).min(1).max(100)]);
const conditions = z.record(operator, z.record(conditionKey, oneOrMany));

/** Simulator inputs for a statement with wildcards or conditions. */
const check = z.strictObject({
  actions: listOf(concreteAction, 100),
  resources: listOf(resource, 20).optional(),
  context: z.record(conditionKey, oneOrMany).optional(),
});

export const sid = z.string().regex(/^[A-Za-z0-9]{1,64}$/, 'must be 1 to 64 letters and digits');

const denial = z
  .strictObject({
    sid,
    reason: line(500),
    actions: listOf(action, 500),
    resources: listOf(resource, 100),
    conditions: conditions.optional(),
    check: check.optional(),
  })
  .meta({ id: 'PermissionDenial' });

const statement = denial
  .extend({
    optional: z.boolean().default(false).meta({ description: 'The customer can leave it out.' }),
  })
  .meta({ id: 'PermissionStatement' });

export type PermissionDenial = DeepReadonly<z.output<typeof denial>>;

/** IAM's quotas: characters of all inline policies of a role, of a managed policy, managed policies of a role. */
export const iamQuotas = { inline: 10_240, managed: 6_144, policies: 10 } as const;

export const permissionSetName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, 'must be small letters, digits and hyphens, with a letter first');

/** The schema of a file NAME@VERSION.json. */
export const permissionSetSchema = z
  .strictObject({
    name: permissionSetName,
    version: z.int().min(1).max(1_000_000),
    title: line(100),
    statements: z.array(statement).max(100),
    managedPolicies: z
      .array(
        z
          .string()
          .regex(
            /^[\w+=,.@-]{1,128}(\/[\w+=,.@-]{1,128}){0,3}$/,
            "must be the name of one of AWS's managed policies",
          ),
      )
      .max(iamQuotas.policies)
      .refine(unique, 'has an entry twice')
      .default([]),
    denies: z.array(denial).max(50).default([]),
  })
  .check(({ value, issues }) => {
    const report = (path: (string | number)[], message: string) =>
      void issues.push({ code: 'custom', input: value, path, message });
    if (value.statements.length + value.managedPolicies.length === 0)
      report(['statements'], 'must not be empty without managedPolicies');
    const all = [...value.statements, ...value.denies];
    const sids = all.map(({ sid }) => sid);
    const twice = sids.find((sid, index) => sids.indexOf(sid) !== index);
    if (twice !== undefined) report(['statements'], `has the sid ${twice} twice`);
    for (const [list, entries] of [
      ['statements', value.statements],
      ['denies', value.denies],
    ] as const)
      for (const [index, entry] of entries.entries()) {
        const foreign = entry.check?.actions.find(
          (name) => !entry.actions.some((pattern) => patternCovers(pattern, name)),
        );
        if (foreign !== undefined)
          report([list, index, 'check', 'actions'], `${foreign} is not among the statement's actions`);
        if (statementLength(entry) > iamQuotas.managed)
          report([list, index], `is longer than the ${iamQuotas.managed} characters of a managed policy`);
      }
    if (totalLength(all) > roomFor(value.managedPolicies.length))
      report(['statements'], "is longer than IAM's quotas for the policies of a role allow");
  });

export type PermissionSet = DeepReadonly<z.output<typeof permissionSetSchema>>;

/** A version's id: `deploy@3`. */
export type PermissionSetId = `${string}@${number}`;
export const permissionSetId = ({
  name,
  version,
}: Pick<PermissionSet, 'name' | 'version'>): PermissionSetId => `${name}@${version}`;

/** `deploy@3` as name and version; undefined when it is not one. */
export function parsePermissionSetId(text: string): { name: string; version: number } | undefined {
  const [, name, version] = /^([a-z][a-z0-9-]{0,62})@([1-9]\d{0,6})$/.exec(text) ?? [];
  return name === undefined ? undefined : { name, version: Number(version) };
}

/** The sets that a service serves. */
export interface PermissionSets {
  /** All versions, by name, the newest first. */
  list(): readonly PermissionSet[];
  /** The version, by default the newest; undefined when there is none. */
  get(name: string, version?: number): PermissionSet | undefined;
}

/** Sorts the sets for lookup. */
export function permissionSetsOf(sets: readonly PermissionSet[]): PermissionSets {
  const sorted = sets.toSorted(
    (one, other) => one.name.localeCompare(other.name) || other.version - one.version,
  );
  return {
    list: () => sorted,
    get: (name, version) =>
      sorted.find((set) => set.name === name && (version === undefined || set.version === version)),
  };
}

/** Whether an action pattern matches a concrete action. IAM ignores letter case in actions. */
const patternCovers = (pattern: string, name: string): boolean =>
  matchesGlob(pattern.toLowerCase(), name.toLowerCase());

/** A statement as IAM writes it. */
export function iamStatement(
  { sid, actions, resources, conditions }: PermissionDenial,
  effect: 'Allow' | 'Deny',
) {
  return {
    Sid: sid,
    Effect: effect,
    Action: actions,
    Resource: resources,
    ...(conditions && { Condition: conditions }),
  };
}

const statementLength = (entry: PermissionDenial) => JSON.stringify(iamStatement(entry, 'Allow')).length + 50;
const totalLength = (entries: readonly PermissionDenial[]) =>
  entries.reduce((sum, entry) => sum + statementLength(entry), 0);

/** Room for self-inspection is kept in the inline policies; a managed policy is seldom filled to its end. */
const roomFor = (managedPolicies: number) =>
  iamQuotas.inline - 500 + (iamQuotas.policies - managedPolicies) * (iamQuotas.managed / 2);
