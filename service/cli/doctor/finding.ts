import type { Store } from '../../domain/ports.js';
import type { Settings } from '../../settings/index.js';

/** The result of one check. */
export interface Finding {
  /** `warning`: the service runs, and a setting is probably a mistake. */
  readonly outcome: 'ok' | 'warning' | 'failed' | 'not_checked';
  readonly message: string;
  /** The fix. */
  readonly remedy?: string | undefined;
}

export type Check = (examination: Examination) => Promise<Finding>;

export const ok = (message: string): Finding => ({ outcome: 'ok', message });
export const notChecked = (message: string): Finding => ({ outcome: 'not_checked', message });
export const warning = (message: string, remedy: string): Finding => ({
  outcome: 'warning',
  message,
  remedy,
});
export const failed = (message: string, remedy: string): Finding => ({ outcome: 'failed', message, remedy });

/** Results that later checks use. */
export interface Examination {
  readonly config: Settings;
  /** How each partition's STS answered a plain request: its time, or why there was no answer. */
  readonly stsAnswers: ReadonlyMap<string, StsReach>;
  /** Open for the checks after that of the store; undefined when it could not be opened. */
  store: Store | undefined;
}

export type StsReach = { readonly url: string } & (
  | { readonly reached: true; readonly date: number | undefined; readonly midpointMs: number }
  | { readonly reached: false; readonly reason: string }
);

/** The worst outcome, with the messages of all findings that have it. */
export function worst(findings: readonly Finding[]): Finding {
  const order = ['failed', 'warning', 'not_checked', 'ok'] as const;
  const outcome = order.find((one) => findings.some((finding) => finding.outcome === one)) ?? 'ok';
  const shown = findings.filter((finding) => finding.outcome === outcome);
  const remedies = [...new Set(shown.flatMap(({ remedy }) => remedy ?? []))];
  return {
    outcome,
    message: shown.map(({ message }) => message).join(' '),
    ...(remedies.length > 0 && { remedy: remedies.join(' ') }),
  };
}
