/** Wrong values for every prop, generated from the kept API: a prop without a rule fails here. */
import { readFileSync } from 'node:fs';
import { AwsConnection, type AwsConnectionProps } from '@rolebridge/constructs';
import { InvalidPropsError } from '../../constructs/props/rules.js';
import { stackOf, validProps } from '../constructs/synthesized.js';

interface Member {
  readonly name: string;
}
const { types } = JSON.parse(readFileSync('constructs/api.jsii.json', 'utf8')) as {
  types: Record<string, { interfaces?: string[]; properties?: Member[] }>;
};
const propsOf = (name: string): string[] => [
  ...(types[name]?.properties ?? []).map((member) => member.name),
  ...(types[name]?.interfaces ?? []).flatMap(propsOf),
];
const props = [...new Set(propsOf('@rolebridge/constructs.AwsConnectionProps'))];

/** None of them is a value of any prop. */
const wrong: [string, unknown][] = [
  ['hostile text', '"); process.exit(0); ("\n$' + '{path.cwd}'],
  ['huge text', '*'.repeat(200_000)],
  ['a function', () => 'x'],
  ['a list of lists', [['x'], null]],
  ['an object of another kind', { 'not\na key': { a: 1 } }],
  ['a number that is none', Number.NaN],
  ['null', null],
];

test('covers the props of a connection', () => {
  expect(props).toEqual(expect.arrayContaining(['externalId', 'connectionId', 'failDestroyWhenUnreachable']));
});

describe.each(props)('%s', (prop) => {
  test.each(wrong)('is rejected by name when it is %s', (_name, value) => {
    const make = () =>
      stackOf(
        (stack) =>
          void new AwsConnection(stack, 'vendor', { ...validProps, [prop]: value } as AwsConnectionProps),
      );
    let thrown: unknown;
    try {
      make();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(InvalidPropsError);
    expect((thrown as InvalidPropsError).problems.join()).toContain(prop);
    expect((thrown as InvalidPropsError).message.length).toBeLessThan(2_000);
  });
});
