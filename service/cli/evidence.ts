import type { Connection } from '../../client/index.js';
import type { CommandRow, Given } from './command-row.js';
import { type Evidence, evidencePage, type Report } from './evidence-page.js';
import { oneOf } from './option-row.js';
import { printJson } from './print.js';

/** The controls on cross-account access (CAA) of AWS's Foundational Technical Review. */
export const evidenceCommands: readonly CommandRow[] = [
  {
    usage: 'evidence',
    about:
      'prints evidence for an audit: how each control on cross-account access is met, and when that was last shown',
    example: 'rolebridge evidence --format html > evidence.html',
    asks: 'service',
    options: [
      {
        flags: '--format <format>',
        about: 'output format: json, html',
        parse: oneOf('--format', ['json', 'html']),
        initial: 'json',
      },
    ],
    async run({ terminal, options, client }: Given<{ format: 'json' | 'html' }>) {
      const connections: Connection[] = [];
      for await (const connection of (await client()).connections()) connections.push(connection);
      const report = reportOf(connections, new Date());
      if (options.format === 'json') printJson(terminal, report);
      else terminal.stdout.write(evidencePage(report));
    },
  },
];

/** https://apn-checklists.s3.amazonaws.com/foundational/partner-hosted/partner-hosted/CVLHEC5X7.html */
const titles = {
  'CAA-001': 'Cross-account access uses IAM roles',
  'CAA-002': 'An external ID is required by each role',
  'CAA-003': 'No long-term credentials of customers',
  'CAA-004': 'The vendor generates the external ID',
  'CAA-005': 'Each external ID is unique',
  'CAA-006': 'Customers can read the external ID and not change it',
  'CAA-007': 'Setup is automated with least privilege',
} as const;
type Control = keyof typeof titles;

const metByConstruction: readonly (readonly [Control, string])[] = [
  ['CAA-004', 'the service creates 240 random bits for each connection; no call accepts one'],
  ['CAA-005', 'the store refuses an external ID that was ever issued'],
  ['CAA-006', 'the page and the API show it; no call changes it'],
  [
    'CAA-007',
    'construct, Terraform, CloudFormation, StackSet and AWS CLI templates; no permission by default',
  ],
];

const evidence = (control: Control, met: boolean, by: string, lastShownAt?: string): Evidence => ({
  control,
  title: titles[control],
  met,
  by,
  ...(lastShownAt !== undefined && { lastShownAt }),
});

function reportOf(connections: readonly Connection[], now: Date): Report {
  const inUse = connections.filter(({ status }) => status === 'connected' || status === 'failed');
  const reports = inUse.map((connection) => ({
    id: connection.id,
    name: connection.name,
    status: connection.status,
    ...('accountId' in connection && { accountId: connection.accountId }),
    controls: controlsOf(connection),
  }));
  const all = (control: Control): Evidence => {
    const found = reports.flatMap(({ controls }) => controls.filter((one) => one.control === control));
    const missing = found.filter(({ met }) => !met).length;
    const times = found.flatMap(({ lastShownAt }) => lastShownAt ?? []).sort();
    if (found.length === 0) return evidence(control, false, 'no connection is in use yet');
    return missing === 0
      ? evidence(control, true, `all connections in use (${found.length})`, times[0])
      : evidence(control, false, `${missing} of ${found.length} connections don't meet it`, times[0]);
  };
  return {
    createdAt: now.toISOString(),
    controlsOf: 'AWS Foundational Technical Review, cross-account access',
    vendor: [
      ...(['CAA-001', 'CAA-002', 'CAA-003'] as const).map(all),
      ...metByConstruction.map(([control, by]) => evidence(control, true, by)),
    ],
    connections: reports,
  };
}

/** Results of the connection's last verification. */
function controlsOf(connection: Connection): Evidence[] {
  const isRole = connection.method === 'assume_role';
  const checks = 'verification' in connection ? (connection.verification?.checks ?? []) : [];
  const passed = (name: string) => checks.find((check) => check.name === name && check.outcome === 'passed');
  const assumed = passed('assumable');
  const required = passed('external_id_required');
  const exact = passed('external_id_exact');
  const policy = passed('trust_policy');
  const isEnforced = required !== undefined && exact !== undefined;
  const probes = isEnforced
    ? 'AssumeRole without the external ID, and with another one, is denied'
    : 'not shown by the last verification';
  return [
    evidence(
      'CAA-001',
      isRole && assumed !== undefined,
      isRole ? 'AssumeRole with the external ID works' : 'an access key is used',
      assumed?.at,
    ),
    policy
      ? evidence('CAA-002', true, 'the trust policy requires exactly this external ID', policy.at)
      : evidence('CAA-002', isEnforced, probes, exact?.at),
    evidence(
      'CAA-003',
      isRole,
      isRole ? 'sessions of at most the role’s limit' : 'an encrypted access key is stored',
    ),
  ];
}
