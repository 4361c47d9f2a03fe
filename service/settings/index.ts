/**
 * The service's settings: `table.ts` has each in one row, `values.ts` how its text is read. `createService`,
 * docs/settings.md and `rolebridge doctor` use the table.
 */
import { readFileSync } from 'node:fs';
import { ConfigurationError } from '../configuration-error.js';
import { type Partition, partitions } from '../domain/role-arn.js';
import { codeOf } from '../unknown-value.js';
import { type SettingRow, type Settings, settingTable } from './table.js';

export { ConfigurationError } from '../configuration-error.js';
export type { SettingRow, Settings } from './table.js';

type Environment = Readonly<Record<string, string | undefined>>;
type Report = (name: string, message: string) => void;

// The types of the single rows don't matter here.
const rows: [string, SettingRow][] = Object.entries(settingTable);

/** Reads every setting, and reports all problems in one message. @throws ConfigurationError */
export function readSettings(environment: Environment): Settings {
  const problems: string[] = [];
  const report: Report = (name, message) => void problems.push(`  ${name}: ${message}`);
  const settings = withoutClosedGroups(collect(environment, report), (name) => isSet(name, environment));
  reportInconsistent(settings, report);
  if (problems.length > 0)
    throw new ConfigurationError(['The configuration is not valid:', ...problems].join('\n'));
  return settings;
}

/** The settings of a service that another program starts: an omitted option has its default, and so has a member of one. */
export function settingsWith(given: { readonly [Option in keyof Settings]?: unknown }): Settings {
  const settings = collect({}, () => {});
  const options = Object.entries(withoutOmitted(given)).filter(([option]) => heads.has(option));
  for (const [option, value] of options)
    settings[option] = hasMembers(value) ? { ...Object(settings[option]), ...withoutOmitted(value) } : value;
  const names = new Set(options.map(([option]) => option));
  return withoutClosedGroups(settings, (_name, group) => names.has(group));
}

/** The options of the table, each group once. */
const heads = new Set(rows.map(([, { option }]) => option.split('.')[0] ?? ''));

/** Lists, sets and maps are single values. */
const hasMembers = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !(Symbol.iterator in value);

const withoutOmitted = (given: unknown) =>
  Object.fromEntries(Object.entries(Object(given)).filter(([, value]) => value !== undefined));

/** Variables with our prefix that are no setting, such as misspelled ones. */
export const unknownSettings = (environment: Environment): string[] =>
  Object.keys(environment).filter(
    (name) =>
      name.startsWith('ROLEBRIDGE_') &&
      !clientSettings.test(name) &&
      !Object.hasOwn(settingTable, name) &&
      !rows.some(([known, { secret }]) => secret && name === `${known}_FILE`),
  );

/** Variables of the command line and of customers' stacks. */
const clientSettings = /^ROLEBRIDGE_(URL|API_KEY|API_KEY_FILE|ALLOW_HTTP|CALLBACK_.*)$/;

function collect(environment: Environment, report: Report): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const [name, row] of rows) {
    const text = textOf(name, row, environment, report);
    if (text === undefined) continue;
    const result = row.schema.safeParse(text);
    if (!result.success) {
      for (const { message } of result.error.issues) report(name, message);
      continue;
    }
    const [head = '', member] = row.option.split('.');
    settings[head] =
      member === undefined ? result.data : { ...Object(settings[head]), [member]: result.data };
  }
  return settings;
}

/** Removes the defaults of groups whose decisive setting is not set. */
function withoutClosedGroups(
  settings: Record<string, unknown>,
  isOpen: (name: string, group: string) => boolean,
): Settings {
  for (const [name, { option, opensGroup }] of rows) {
    const [head = ''] = option.split('.');
    if (opensGroup && !isOpen(name, head)) delete settings[head];
  }
  // Incomplete settings are reported, and never returned to a caller.
  return settings as Settings;
}

const isSet = (name: string, environment: Environment): boolean =>
  Boolean(environment[name] || environment[`${name}_FILE`]);

/** The text of a setting: its variable, its file, or its default. An empty variable counts as unset. */
function textOf(name: string, row: SettingRow, environment: Environment, report: Report): string | undefined {
  const given = environment[name] || undefined;
  const path = row.secret && (environment[`${name}_FILE`] || undefined);
  if (given !== undefined && path !== undefined)
    report(`${name}_FILE`, `is set beside ${name}: set one of them`);
  if (given !== undefined) return given;
  if (path === undefined) {
    if (row.required) report(name, `is missing: ${row.sentence.replaceAll('`', '')}`);
    return row.default;
  }
  try {
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    report(`${name}_FILE`, `can't be read: ${codeOf(error) ?? 'unknown reason'}`);
    return undefined;
  }
}

/** Rules across settings. Invalid settings are absent here. */
function reportInconsistent({ webhooks }: Partial<Settings>, report: Report): void {
  const { endpoints, secrets, allowsPrivate } = webhooks ?? {};
  if (endpoints && !secrets)
    report(
      'ROLEBRIDGE_WEBHOOK_SECRETS',
      'is missing: webhooks are signed, and ROLEBRIDGE_WEBHOOK_ENDPOINTS is set',
    );
  if (!allowsPrivate && endpoints?.some((endpoint) => !endpoint.startsWith('https:')))
    report(
      'ROLEBRIDGE_WEBHOOK_ENDPOINTS',
      'has a URL that is not https; for an endpoint at a private address set ROLEBRIDGE_WEBHOOK_ALLOW_PRIVATE=on',
    );
}

/** The STS and IAM endpoints by partition. The region and endpoint settings are for the first principal's partition. */
export function stsPartitionsOf(
  settings: Pick<Settings, 'principals' | 'awsProfiles' | 'stsRegion' | 'stsEndpoint' | 'iamEndpoint'>,
): Partial<Record<Partition, { region: string; endpoint?: string; iamEndpoint?: string; profile?: string }>> {
  const { awsProfiles, stsRegion, stsEndpoint, iamEndpoint } = settings;
  return Object.fromEntries(
    [...settings.principals.keys()].map((partition, index) => {
      const profile = awsProfiles?.get(partition);
      return [
        partition,
        {
          ...(profile !== undefined && { profile }),
          region: (index === 0 && stsRegion) || partitions[partition].stsRegion,
          ...(index === 0 && stsEndpoint && { endpoint: stsEndpoint }),
          ...(index === 0 && iamEndpoint && { iamEndpoint }),
        },
      ];
    }),
  );
}

/** The AWS clients that the settings require. */
export function awsClientsOf(settings: Parameters<typeof stsPartitionsOf>[0] & Pick<Settings, 'kms'>): {
  service: 'sts' | 'iam' | 'kms';
  settings: { region: string; endpoint?: string | undefined; iamEndpoint?: string; profile?: string };
}[] {
  const partitions = Object.values(stsPartitionsOf(settings));
  return [
    ...partitions.map((each) => ({ service: 'sts' as const, settings: each })),
    ...partitions.map((each) => ({ service: 'iam' as const, settings: each })),
    ...(settings.kms?.keyArns ?? []).map((arn) => ({
      service: 'kms' as const,
      settings: { region: arn.split(':')[3] ?? '', endpoint: settings.kms?.endpoint },
    })),
  ];
}
