import { UsageError } from './failure.js';
import type { OptionRow } from './option-row.js';

const secondsOfUnit: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
const form = '15m, 12h or 30d from now, or an ISO 8601 time';

const tenYears = [1, 315_360_000] as const;

/** `--expires-in`, of everything that expires. @param range - the least and the most seconds from now */
export const expiresIn = <Value>(
  of: (expiry: { readonly at: string; readonly seconds: number }) => Value,
  more = '',
  range: readonly [number, number] = tenYears,
): OptionRow => ({
  flags: '--expires-in <time>',
  about: `when it expires: ${form}${more}`,
  parse(text): Value {
    const ms = timeMs(text);
    const seconds = Math.round((ms - Date.now()) / 1000);
    refuseOutside(seconds, range, text);
    return of({ at: new Date(ms).toISOString(), seconds });
  },
});

/** @throws UsageError */
function timeMs(text: string): number {
  const [, count, unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (count !== undefined) return Date.now() + Number(count) * (secondsOfUnit[unit] ?? 0) * 1000;
  const ms = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  throw new UsageError(`--expires-in must be ${form}, not ${JSON.stringify(text)}.`);
}

/** @throws UsageError */
function refuseOutside(seconds: number, [least, most]: readonly [number, number], text: string): void {
  if (seconds >= least && seconds <= most) return;
  const limits = `from ${durationText(least)} to ${durationText(most)} from now`;
  throw new UsageError(`--expires-in must be ${limits}, not ${JSON.stringify(text)}.`);
}

/** Seconds in their largest whole unit: `7776000` is `90d`. */
function durationText(seconds: number): string {
  const [unit, each] =
    Object.entries(secondsOfUnit).findLast(([, of]) => seconds % of === 0) ?? (['s', 1] as const);
  return `${seconds / each}${unit}`;
}
