import { z } from 'zod';
import { RolebridgeError } from '../domain/errors.js';
import { permissionSetName, sid } from '../domain/permission-set.js';
import { partition as aPartition } from '../domain/role-arn.js';
import { memberOf } from '../unknown-value.js';

export const name = z
  .string()
  .min(1)
  .max(100)
  .regex(/^\P{C}+$/u, 'must not hold control or invisible characters')
  .regex(/^\S(.*\S)?$/u, 'must not begin or end with a space');

export const partition = aPartition.default('aws');

export const permissionSetMembers = {
  permissionSet: permissionSetName
    .optional()
    .meta({ description: "The name of the vendor's permission set for the role." }),
  without: z.array(sid).max(100).optional().meta({ description: 'Optional statements of the set to omit.' }),
};

/** The cursor of the next page, by its parameter. */
export const nextAfter = z
  .string()
  .optional()
  .meta({ description: '"after" of the next page; absent on the last one.' });
export const nextBefore = z
  .string()
  .optional()
  .meta({ description: '"before" of the next page; absent on the last one.' });

/** The cursor of the next page: the id of the last item, if there are more. */
export const nextOf = <Id>(page: readonly { readonly id: Id }[], hasMore: boolean): Id | undefined =>
  hasMore ? page.at(-1)?.id : undefined;

export const limit = z
  .string()
  .regex(/^[1-9]\d{0,2}$/, 'must be a whole number from 1 to 100')
  .transform(Number)
  .pipe(z.number().max(100))
  .meta({ override: { type: 'integer', minimum: 1, maximum: 100 } })
  .default(50);

/** The members of a value that the schema has, in the schema's order. */
export const shownBy = <Shape extends z.ZodRawShape, Value extends object>(
  { shape }: z.ZodObject<Shape>,
  value: Value,
): Pick<Value, keyof Value & keyof Shape> =>
  // `Object.entries` loses the type of the names.
  Object.fromEntries(Object.keys(shape).map((name) => [name, memberOf(value, name)])) as Pick<
    Value,
    keyof Value & keyof Shape
  >;

/** @throws RolebridgeError `request_invalid` with every fault and where it is */
export function parse<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  where: 'body' | 'query',
): z.infer<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const errors = result.error.issues.slice(0, mostErrors).map((issue) => ({
    at: [where, ...issue.path].join('.').slice(0, longestPlace),
    message: issue.message.slice(0, longestMessage),
  }));
  const more = result.error.issues.length - errors.length;
  throw new RolebridgeError(
    'request_invalid',
    [
      ...errors.map((error) => `${error.at}: ${error.message}`),
      ...(more > 0 ? [`${more} more faults`] : []),
    ].join('; '),
    {
      remedy: 'Correct the named members and send the request again.',
      members: { errors },
    },
  );
}

/** A body of 64 kB can have thousands of faults; these are enough to correct it. */
const mostErrors = 20;
const longestPlace = 200;
const longestMessage = 300;
