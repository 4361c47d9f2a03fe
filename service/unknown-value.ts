/** A member of an unknown value, such as a thrown one. */
export const memberOf = (value: unknown, member: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, member) : undefined;

export function textIn(value: unknown, member: string): string | undefined {
  const found = memberOf(value, member);
  return typeof found === 'string' ? found : undefined;
}

export const messageOf = (thrown: unknown): string => textIn(thrown, 'message') ?? String(thrown);

/** The code of a system error, such as `ENOENT`. */
export const codeOf = (thrown: unknown): string | undefined => textIn(thrown, 'code');
