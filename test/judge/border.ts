import { evaluateTrustPolicy, type TrustCaller } from '../../aws-sandbox/index.js';
import { judgeTrustPolicy } from '../../service/domain/verification/judge-trust-policy.js';
import {
  type GeneratedPolicy,
  generatePolicy,
  otherRole,
  ours,
  randomNumbers,
  uniqueId,
  vendor,
  vendorAccount,
} from './policies.js';

/** The result of a run: `open` policies let the vendor in without our external ID. */
export interface BorderReport {
  policies: number;
  safe: number;
  open: number;
  /** Called safe, and open: the judge is wrong. Empty, or the policies' texts. */
  wrong: string[];
  counts: Map<string, number>;
}

const callers: TrustCaller[] = [
  { partition: 'aws', accountId: vendorAccount, arns: [vendor] },
  {
    partition: 'aws',
    accountId: vendorAccount,
    arns: [otherRole, `arn:aws:sts::${vendorAccount}:assumed-role/ci/one`, uniqueId],
  },
];

/**
 * Judges generated policies, and asks the sandbox's evaluator for each Allow statement whether the request that meets all its
 * conditions except our external ID is allowed. Judge and evaluator share no code.
 */
export function compareAtTheBorder(policies: number, seed: number): BorderReport {
  const random = randomNumbers(seed);
  const report: BorderReport = { policies, safe: 0, open: 0, wrong: [], counts: new Map() };
  for (let left = policies; left > 0; left--) {
    const policy = generatePolicy(random);
    const { verdict } = judgeTrustPolicy(policy.text, { vendorPrincipals: [vendor], externalIds: [ours] });
    const open = isOpen(policy);
    if (verdict === 'safe') report.safe++;
    if (open) report.open++;
    if (open && verdict === 'safe') report.wrong.push(policy.text);
    for (const part of policy.parts) report.counts.set(part, (report.counts.get(part) ?? 0) + 1);
  }
  return report;
}

function isOpen({ text, statements }: GeneratedPolicy): boolean {
  const document = JSON.parse(text);
  return statements.some(({ context, externalIds }) =>
    externalIds.some((externalId) =>
      callers.some((caller) => {
        const withId = new Map(context);
        if (externalId !== undefined) withId.set('sts:externalid', [externalId]);
        const request = { action: 'sts:AssumeRole', caller, context: withId };
        return evaluateTrustPolicy(document, request) === 'allow';
      }),
    ),
  );
}

export function printReport({ policies, safe, open, wrong, counts }: BorderReport): string {
  const share = (count: number) => `${count} (${((100 * count) / policies).toFixed(1)} %)`;
  const rows = [...counts].sort(([one], [other]) => one.localeCompare(other));
  return [
    `${policies} policies: ${share(safe)} judged safe, ${share(open)} open, ${wrong.length} judged safe and open`,
    ...rows.map(([part, count]) => `  ${String(count).padStart(7)}  ${part}`),
    ...wrong.slice(0, 5).map((text) => `JUDGED SAFE AND OPEN: ${text}`),
  ].join('\n');
}
