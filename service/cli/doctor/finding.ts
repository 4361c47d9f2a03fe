import type { Store } from '../../domain/ports.js';
import type { Settings } from '../../settings/index.js';

/** The result of one check. */
export interface Finding {
  readonly check: string;
  /** `warning`: the service runs, and something is likely not as it was meant. */
  readonly outcome: 'ok' | 'warning' | 'failed' | 'not_checked';
  readonly message: string;
  /** The fix. */
  readonly remedy?: string | undefined;
}

/** Results that later checks use. */
export interface Examination {
  readonly config: Settings;
  readonly now: () => number;
  /** How each partition's STS answered a plain request: its time, or why there was no answer. */
  readonly stsAnswers: ReadonlyMap<string, StsReach>;
  /** Open for the checks after that of the store; undefined when it could not be opened. */
  store: Store | undefined;
}

export type StsReach = { readonly url: string } & (
  | { readonly reached: true; readonly date: number | undefined; readonly halfwayAt: number }
  | { readonly reached: false; readonly reason: string }
);

/** The worst of several results. */
export function worst(check: string, findings: readonly Omit<Finding, 'check'>[]): Finding {
  const order = ['failed', 'warning', 'not_checked', 'ok'] as const;
  const outcome = order.find((one) => findings.some((finding) => finding.outcome === one)) ?? 'ok';
  const shown = findings.filter((finding) => finding.outcome === outcome);
  const remedies = [...new Set(shown.flatMap(({ remedy }) => remedy ?? []))];
  return {
    check,
    outcome,
    message: shown.map(({ message }) => message).join(' '),
    ...(remedies.length > 0 && { remedy: remedies.join(' ') }),
  };
}
