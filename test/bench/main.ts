/** `npm run bench`: each thing beside its baseline, in one run. `npm run bench -- resolve` runs one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { measureAudit } from './audit.js';
import { measureCallback } from './callback.js';
import { measureCommand } from './command.js';
import { measureCredentials } from './credentials.js';
import { measureFilteredPage } from './filtered-page.js';
import type { Measurement } from './measure.js';
import { measurePages } from './pages.js';
import { measurePause } from './pause.js';
import { measurePermissions } from './permissions.js';
import { measurePostgres } from './postgres.js';
import { measureResolve } from './resolve.js';
import { measureResolveMany } from './resolve-many.js';
import { measureScale } from './scale.js';
import { measureSustained } from './sustained.js';
import { measureSynth } from './synth.js';
import { measureWatch } from './watch.js';
import { measureWrites } from './writes.js';

const benchmarks: Record<string, (directory: string) => Promise<Measurement[]>> = {
  callback: measureCallback,
  resolve: measureResolve,
  'resolve-many': measureResolveMany,
  credentials: measureCredentials,
  command: measureCommand,
  writes: measureWrites,
  scale: measureScale,
  pause: measurePause,
  audit: measureAudit,
  permissions: measurePermissions,
  postgres: measurePostgres,
  sustained: measureSustained,
  'filtered-page': measureFilteredPage,
  watch: measureWatch,
  pages: measurePages,
  synth: measureSynth,
};

async function main(wanted: readonly string[]): Promise<void> {
  const unknown = wanted.filter((name) => !Object.hasOwn(benchmarks, name));
  if (unknown.length > 0)
    throw new Error(
      `There is no benchmark ${unknown.join(', ')}. These are: ${Object.keys(benchmarks).join(', ')}.`,
    );
  const directory = mkdtempSync(join(tmpdir(), 'rolebridge-bench-'));
  const startedAt = performance.now();
  const measurements: Measurement[] = [];
  try {
    for (const [name, measure] of Object.entries(benchmarks)) {
      if (wanted.length > 0 && !wanted.includes(name)) continue;
      console.error(`measuring ${name} …`);
      try {
        measurements.push(...(await measure(join(directory, name))));
      } catch (error) {
        console.error(`${name} could not be measured:`, error);
        process.exitCode = 1;
      }
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  console.log(table(measurements));
  console.log(
    `\nMedians of interleaved rounds; Node ${process.version}, ${cpus().length} cores, data in ${tmpdir()}, ${seconds} s.`,
  );
}

function table(measurements: readonly Measurement[]): string {
  const rows = [
    ['name', 'unit', 'ours', 'baseline', 'ratio', 'goal', ''],
    ...measurements.map(({ name, unit, ours, baseline, goal }) => {
      const ratio = ours / baseline;
      return [name, unit, digits(ours), digits(baseline), `${digits(ratio)}×`, ...verdict(ratio, goal)];
    }),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const isNumber = (column: number) => column >= 2 && column <= 5;
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          isNumber(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function verdict(ratio: number, goal: Measurement['goal']): [string, string] {
  if (goal === undefined) return ['', ''];
  if ('atMost' in goal) return [`≤ ${goal.atMost}×`, ratio <= goal.atMost ? 'met' : 'not met'];
  return [`≥ ${goal.atLeast}×`, ratio >= goal.atLeast ? 'met' : 'not met'];
}

const digits = (value: number): string =>
  value >= 1000 ? Math.round(value).toLocaleString('en') : value.toFixed(value >= 100 ? 0 : 2);

main(process.argv.slice(2));
