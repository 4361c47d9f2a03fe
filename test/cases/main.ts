/**
 * `npm run cases`: each input that failed on an early version, on both stores where the store matters. Prints a table and
 * ends with 1 when a test fails. `npm run cases -- postgres` for one store.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { z } from 'zod';

type StoreName = 'files' | 'postgres';
interface Input {
  readonly name: string;
  readonly tests: readonly string[];
  /** @default both */
  readonly stores?: readonly StoreName[];
}

const onFiles = { stores: ['files'] } as const;
const onPostgres = { stores: ['postgres'] } as const;

const inputs: readonly Input[] = [
  { name: 'stolen callback secret', tests: ['service/account-binding', 'service/authority-property'] },
  { name: 'stale destroy', tests: ['service/account-binding', 'service/callback'] },
  { name: 'scopes and their owners', tests: ['service/scope-owners'] },
  { name: 'enrollment, from a disconnected connection', tests: ['service/enrollment'] },
  { name: 'keys and links', tests: ['service/api-keys', 'service/limited-keys', 'service/sign-in-links'] },
  { name: 'quotas', tests: ['service/quotas', 'service/limits'] },
  { name: 'slow parsing', tests: ['unit/linear-parsing', 'unit/linear-regexes'], ...onFiles },
  {
    name: 'tampering, damage, flipped bits',
    tests: ['service/store-damage', 'service/store-repair'],
    ...onFiles,
  },
  { name: 'tampering with rows', tests: ['slow/store-postgres'], ...onPostgres },
  { name: 'service key taken out', tests: ['slow/changed-secrets'] },
  { name: 'paused writer, skewed clock, lock of the future', tests: ['slow/store-file'], ...onFiles },
  { name: 'PgBouncer', tests: ['slow/postgres-pgbouncer'], ...onPostgres },
  { name: 'failover', tests: ['slow/postgres-failover'], ...onPostgres },
  { name: 'mass failure', tests: ['service/mass-failure', 'slow/mass-failure'] },
  { name: "AWS's texts of a denial", tests: ['service/denial-texts'] },
  { name: 'role that another ID opens', tests: ['service/shared-roles'] },
  { name: 'webhooks', tests: ['service/webhooks', 'service/webhook-endpoints'] },
  { name: 'clock', tests: ['service/clock', 'service/jobs'] },
  { name: 'callback repeated, in a crash', tests: ['service/callback-crash', 'service/threats-callback'] },
];

const results = z.object({
  testResults: z.array(
    z.object({ name: z.string(), assertionResults: z.array(z.object({ status: z.string() })) }),
  ),
});

const wanted = process.argv.slice(2);
const known = ['files', 'postgres'] as const;
const unknown = wanted.find((word) => !known.some((store) => store === word));
if (unknown !== undefined) throw new Error(`There is no store "${unknown}", but: ${known.join(', ')}.`);
const stores = known.filter((store) => wanted.length === 0 || wanted.includes(store));
const runsOn = (store: StoreName) => inputs.filter((input) => input.stores?.includes(store) ?? true);
let failed = false;
for (const store of stores) {
  const files = [...new Set(runsOn(store).flatMap(({ tests }) => tests.map(pathOf)))];
  const outputFile = join(mkdtempSync(join(tmpdir(), 'rolebridge-cases-')), 'results.json');
  spawnSync('npx', ['jest', '--json', `--outputFile=${outputFile}`, '--forceExit', ...files], {
    env: { ROLEBRIDGE_MASS: '1000', ...process.env, ROLEBRIDGE_TEST_STORE: store },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const { testResults } = results.parse(JSON.parse(readFileSync(outputFile, 'utf8')));
  const statusesOf = new Map(
    testResults.map(({ name, assertionResults }) => [
      relative(process.cwd(), name),
      assertionResults.map(({ status }) => status),
    ]),
  );
  for (const { name, tests } of runsOn(store)) {
    const statuses = tests.map((test) => statusesOf.get(pathOf(test)) ?? []);
    const passed = statuses.flat().filter((status) => status === 'passed').length;
    const isGood = statuses.every((own) => own.length > 0) && passed === statuses.flat().length;
    failed ||= !isGood;
    console.log(
      `${isGood ? 'ok    ' : 'FAILED'}  ${store.padEnd(8)}  ${name}: ${passed} of ${statuses.flat().length} tests pass`,
    );
  }
}
process.exitCode = failed ? 1 : 0;

function pathOf(test: string): string {
  return `test/${test}.test.ts`;
}
