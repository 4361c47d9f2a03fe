/** What the vendor's page says of the connection, from flags, the environment or questions. */
import { createInterface } from 'node:readline/promises';

/** The values that go into the customer's code. The callback secret is none of them: it is in no file. */
export interface ConnectionValues {
  readonly connectionId: string;
  readonly externalId: string;
  readonly principal: string;
  readonly callbackUrl: string;
  readonly permissions: string;
  readonly region: string;
  readonly scope?: {
    readonly project: string;
    readonly environment?: string;
    readonly architecture?: string;
  };
}

interface Value {
  readonly flag: string;
  readonly variable: string;
  readonly question: string;
  /** Taken when nothing is said. */
  readonly usual?: string;
  readonly rule: string;
  readonly fits: RegExp;
}

const scopeName = '[A-Za-z0-9][A-Za-z0-9._-]{0,63}';

/** Only what would not be understood later: the construct checks every value when the stack is synthesized. */
export const VALUES: Readonly<Record<keyof ConnectionValues, Value>> = {
  connectionId: {
    flag: 'connection-id',
    variable: 'ROLEBRIDGE_CONNECTION_ID',
    question: 'Connection id',
    rule: 'con_ and 1–64 letters or digits',
    fits: /^con_[A-Za-z0-9]{1,64}$/,
  },
  externalId: {
    flag: 'external-id',
    variable: 'ROLEBRIDGE_EXTERNAL_ID',
    question: 'External ID',
    rule: '2–1224 characters of [A-Za-z0-9_+=,.@:/-]',
    fits: /^[\w+=,.@:/-]{2,1224}$/,
  },
  principal: {
    flag: 'principal',
    variable: 'ROLEBRIDGE_PRINCIPAL',
    question: "The vendor's principal",
    rule: 'the ARN of a role or user, or an account id',
    fits: /^(\d{12}|arn:[a-z-]+:iam::\d{12}:(root|(role|user)\/[\w+=,.@/-]+))$/,
  },
  callbackUrl: {
    flag: 'callback-url',
    variable: 'ROLEBRIDGE_CALLBACK_URL',
    question: 'Callback URL',
    rule: 'an https URL, or http on loopback',
    fits: /^(https:\/\/|http:\/\/(localhost|127\.|\[::1\]))[\x21-\x7e]+$/,
  },
  scope: {
    flag: 'scope',
    variable: 'ROLEBRIDGE_SCOPE',
    question: 'Where it applies: project/environment/architecture, or nothing',
    usual: '',
    rule: 'up to three names between slashes',
    fits: new RegExp(`^(${scopeName}(/${scopeName}){0,2})?$`),
  },
  permissions: {
    flag: 'permissions',
    variable: 'ROLEBRIDGE_PERMISSIONS',
    question: 'Permissions: read-only, power-user, administrator or security-audit',
    usual: 'read-only',
    rule: 'one of read-only, power-user, administrator, security-audit',
    fits: /^(read-only|power-user|administrator|security-audit)$/,
  },
  region: {
    flag: 'region',
    variable: 'AWS_REGION',
    question: 'AWS region',
    usual: 'us-east-1',
    rule: "a region's name, such as eu-central-1",
    fits: /^[a-z]{2,4}(-[a-z]+)+-\d+$/,
  },
};

/**
 * Asks on the terminal for what is neither a flag nor in the environment.
 * @throws Error that names every value which is missing or wrong
 */
export async function readValues(
  flags: Readonly<Record<string, string | boolean | undefined>>,
  environment: NodeJS.ProcessEnv,
  isTerminal: boolean,
): Promise<ConnectionValues> {
  const terminal = isTerminal ? createInterface({ input: process.stdin, output: process.stderr }) : undefined;
  const texts: Record<string, string> = {};
  const problems: string[] = [];
  try {
    for (const [name, value] of Object.entries(VALUES)) {
      const given = flags[value.flag] ?? environment[value.variable];
      const text = given ?? (await ask(terminal, value)) ?? value.usual;
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
    throw new Error([...problems, "These values are on the vendor's page."].join('\n'));
  const { scope, ...others } = texts as unknown as Omit<ConnectionValues, 'scope'> & { scope: string };
  const [project, environmentName, architecture] = scope.split('/');
  return {
    ...others,
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
  const usual = value.usual ? ` [${value.usual}]` : '';
  const answer = (await terminal.question(`${value.question}${usual}: `)).trim();
  return answer === '' ? undefined : answer;
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
