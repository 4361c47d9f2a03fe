/** Wrong values for every environment variable that the callback script reads, found in its source. */
import { readFileSync } from 'node:fs';
import { closeVendor, ROLE_ARN, run } from '../constructs/callback-run.js';

const source = readFileSync('constructs/callback/script.ts', 'utf8');
const names = [
  ...[...source.matchAll(/\btext\('([A-Z_]+)'\)/g)].map((match) => `CONNECT_${match[1]}`),
  ...[...source.matchAll(/'(CONNECT_[A-Z_]+)'/g)].map((match) => String(match[1])),
  ...[...source.matchAll(/env\.(CONNECT_[A-Z_]+)/g)].map((match) => String(match[1])),
];
const variables = [...new Set(names)];

const wrong = [
  ['hostile', '"); process.exit(0); ("\n\u001b[2J$(reboot)'],
  ['huge', 'x'.repeat(30_000)],
] as const;

const connected = () => ({ status: 200, body: { status: 'connected', roleArn: ROLE_ARN } });

afterEach(closeVendor);

test('covers the variables of the script', () => {
  expect(variables).toEqual(
    expect.arrayContaining(['CONNECT_EVENT', 'CONNECT_SCOPE', 'CONNECT_CALLBACK_SECRET', 'CONNECT_ROLE_ID']),
  );
});

describe.each(variables)('%s', (variable) => {
  test.each(wrong)(
    'that is %s ends quickly, without a stack trace or control characters',
    async (_name, value) => {
      const { code, output } = await run(connected, { CONNECT_DEADLINE_SECONDS: '2', [variable]: value });
      expect([0, 1]).toContain(code);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be printed.
      expect(output).not.toMatch(/[\u0000-\u0009\u000b-\u001f]|\n\s+at /);
      expect(output.length).toBeLessThan(10_000);
    },
  );
});
