/** The connection's values from the vendor's page: from flags, the environment or questions. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { PRESET_POLICIES } from '../iam/permissions';
import { PATTERNS, type Pattern } from '../props/patterns';

const PRESETS = Object.keys(PRESET_POLICIES);

/** The values that go into the customer's code. The callback secret is none of them: it is in no file. */
export interface ConnectionValues {
  readonly connectionId: string;
  readonly externalId: string;
  readonly principal: string;
  readonly callbackUrl: string;
  readonly expectedAccountId?: string;
  /** The start of each line of the deploy's output. */
  readonly vendorName?: string;
  readonly permissions: string;
  readonly region: string;
  readonly scope?: {
    readonly project: string;
    readonly environment?: string;
    readonly architecture?: string;
  };
}

interface Value extends Pattern {
  readonly flag: string;
  readonly variable: string;
  readonly question: string;
  readonly defaultValue?: string;
}

/** The values, each with its flag, variable and question. The construct checks them again at synth. */
export const VALUES: Readonly<Record<Exclude<keyof ConnectionValues, 'vendorName'>, Value>> = {
  connectionId: {
    flag: 'connection-id',
    variable: 'CONNECT_CONNECTION_ID',
    question: 'Connection id',
    ...PATTERNS.connectionId,
  },
  externalId: {
    flag: 'external-id',
    variable: 'CONNECT_EXTERNAL_ID',
    question: 'External ID',
    ...PATTERNS.externalId,
  },
  principal: {
    flag: 'principal',
    variable: 'CONNECT_PRINCIPAL',
    question: 'The principal that the role trusts',
    ...PATTERNS.principal,
  },
  callbackUrl: {
    flag: 'callback-url',
    variable: 'CONNECT_CALLBACK_URL',
    question: 'Callback URL',
    ...PATTERNS.callbackUrl,
  },
  expectedAccountId: {
    flag: 'account-id',
    variable: 'AWS_ACCOUNT_ID',
    question: 'Your AWS account id; any other account is rejected',
    defaultValue: '',
    rule: PATTERNS.accountId.rule,
    fits: /^$|^(?!0{12})[0-9]{12}$/,
  },
  scope: {
    flag: 'scope',
    variable: 'CONNECT_SCOPE',
    question: 'Where it applies: project/environment/architecture, or nothing',
    defaultValue: '',
    ...PATTERNS.scopePath,
  },
  permissions: {
    flag: 'permissions',
    variable: 'CONNECT_PERMISSIONS',
    question: `Permissions: ${PRESETS.join(', ')}`,
    defaultValue: 'read-only',
    rule: `one of ${PRESETS.join(', ')}`,
    fits: new RegExp(`^(${PRESETS.join('|')})$`),
  },
  region: {
    flag: 'region',
    variable: 'AWS_REGION',
    question: 'AWS region',
    defaultValue: 'us-east-1',
    rule: "a region's name, such as eu-central-1",
    fits: /^[a-z]{2,4}(-[a-z]+)+-\d+$/,
  },
};

/**
 * Asks on the terminal for values that are neither flags nor in the environment.
 * @throws Error that names every value which is missing or wrong
 */
export async function readValues(
  flags: Readonly<Record<string, string | boolean | undefined>>,
  environment: NodeJS.ProcessEnv,
  isTerminal: boolean,
  names: readonly (keyof typeof VALUES)[] = Object.keys(VALUES) as (keyof typeof VALUES)[],
): Promise<ConnectionValues> {
  const terminal = isTerminal ? createInterface({ input: process.stdin, output: process.stderr }) : undefined;
  const texts: Record<string, string> = {};
  const problems: string[] = [];
  try {
    for (const name of names) {
      const value = VALUES[name];
      const given = flags[value.flag] ?? (environment[value.variable] || undefined);
      const text = given ?? (await ask(terminal, value)) ?? value.defaultValue;
      if (text === undefined)
        problems.push(`--${value.flag} (or ${value.variable}) is missing: ${value.rule}.`);
      else if (typeof text !== 'string' || !value.fits.test(text))
        problems.push(
          `--${value.flag} (or ${value.variable}) must be ${value.rule}; it is ${JSON.stringify(text)}.`,
        );
      else texts[name] = text;
    }
  } finally {
    terminal?.close();
  }
  if (problems.length > 0)
    throw new Error([...problems, "These values are on the connection's set-up page."].join('\n'));
  // Each name is a member with a text that fits its rule.
  const {
    scope = '',
    expectedAccountId,
    ...others
  } = texts as unknown as Omit<ConnectionValues, 'scope'> & {
    scope?: string;
  };
  const [project, environmentName, architecture] = scope.split('/');
  return {
    ...others,
    ...(expectedAccountId && { expectedAccountId }),
    ...(project && {
      scope: {
        project,
        ...(environmentName && { environment: environmentName }),
        ...(architecture && { architecture }),
      },
    }),
  };
}

type Terminal = ReturnType<typeof createInterface>;

async function ask(terminal: Terminal | undefined, value: Value): Promise<string | undefined> {
  if (terminal === undefined) return undefined;
  const defaultValue = value.defaultValue ? ` [${value.defaultValue}]` : '';
  const answer = (await terminal.question(`${value.question}${defaultValue}: `)).trim();
  return answer === '' ? undefined : answer;
}

/** Doesn't echo input. */
export async function askSecret(question: string): Promise<string> {
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    return (await terminal.question('')).trim();
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}

/** @returns false unless the answer is yes */
export async function confirm(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
