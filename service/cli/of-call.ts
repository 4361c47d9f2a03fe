import { calls } from './calls.js';
import { UsageError } from './failure.js';

type Calls = typeof calls;
type Member<Call extends keyof Calls> = keyof Calls[Call]['members'] & string;

/** The help of a command with one call is the API's description. */
export const summaryOf = (call: keyof Calls): string => asPhrase(calls[call].summary);

/** An option that is a member of a call's body or query, with the values that it can have. */
export function memberOf<Call extends keyof Calls>(call: Call, member: Member<Call>): string {
  const members: Readonly<Record<string, { description?: string; values?: readonly string[] }>> =
    calls[call].members;
  const { description, values } = members[member] ?? {};
  return [description && asPhrase(description), values?.join(', ')].filter(Boolean).join(': ');
}

/** A parser of an option that has one of some values. @throws UsageError */
export const oneOf =
  <Value extends string>(name: string, values: readonly Value[]) =>
  (text: string): Value => {
    const value = values.find((known) => known === text);
    if (value !== undefined) return value;
    throw new UsageError(`${name} must be one of ${values.join(', ')}, not ${JSON.stringify(text)}.`);
  };

/** As commander shows it: no capital, no full stop. */
const asPhrase = (sentence: string): string =>
  sentence.replace(/^[A-Z](?![A-Z])/, (letter) => letter.toLowerCase()).replace(/\.$/, '');
