/** The files of a customer's project, as text. Every value is a JSON string, so none can end its quotes. */
import type { ConnectionValues } from './values';

/** The two that the constructs are for. */
export type Cdk = 'cdktf' | 'cdktn';

/** Dependencies of a project for each framework. A test compares them with the tested versions. */
export const PACKAGES: Readonly<
  Record<Cdk, { dependencies: Record<string, string>; devDependencies: Record<string, string> }>
> = {
  cdktf: {
    dependencies: { '@cdktf/provider-aws': '^21.22.1', cdktf: '^0.21.0', constructs: '~10.7' },
    devDependencies: { 'cdktf-cli': '^0.21.0' },
  },
  cdktn: {
    dependencies: { '@cdktn/provider-aws': '^25.7.0', cdktn: '^0.24.0', constructs: '~10.7' },
    devDependencies: { 'cdktn-cli': '^0.24.0' },
  },
};

/** Packages whose install script is allowed: the terminal of cdktf-cli. */
const ALLOWED_INSTALL_SCRIPTS: Readonly<Record<Cdk, Record<string, true>>> = {
  cdktf: { '@cdktf/node-pty-prebuilt-multiarch': true },
  cdktn: {},
};

const TOOLS = { '@types/node': '^20.19.43', tsx: '^4.23.15', typescript: '~6.0' };

/** Inputs of a project's files. */
export interface Style {
  readonly cdk: Cdk;
  /** The project's files are ES modules: imports name files. */
  readonly isEsm: boolean;
}

const constructsModule = (cdk: Cdk) =>
  cdk === 'cdktf' ? '@rolebridge/constructs' : '@rolebridge/constructs/cdktn';

const providerModule = ({ cdk, isEsm }: Style) =>
  `@${cdk}/provider-aws/lib/provider${isEsm ? '/index.js' : ''}`;

/** The file that `init` writes and `check` reads. */
export const CONNECTION_FILE = 'vendor-connection.ts';

/** `vendor-connection.ts`: the connection, as a function that a stack calls. */
export function connectionFile(
  values: ConnectionValues,
  style: Style & { createsProvider: boolean },
): string {
  const { region, ...props } = values;
  const lines = Object.entries(props).map(([name, value]) => `    ${name}: ${literal(value)},\n`);
  return `${style.createsProvider ? `import { AwsProvider } from '${providerModule(style)}';\n` : ''}import { AwsConnection } from '${constructsModule(style.cdk)}';
import type { Construct } from 'constructs';

/**
 * Connects this AWS account. CONNECT_CALLBACK_SECRET has to be in the environment of
 * \`${style.cdk} deploy\`.
 */
export function connectVendor(scope: Construct): AwsConnection {
${style.createsProvider ? `  new AwsProvider(scope, 'aws', { region: ${JSON.stringify(region)} });\n` : ''}  return new AwsConnection(scope, 'vendor', {
${lines.join('')}  });
}
`;
}

/** A value as formatters write it; every text is a JSON string. */
const literal = (value: string | object): string =>
  typeof value === 'string'
    ? JSON.stringify(value)
    : `{ ${Object.entries(value)
        .map(([name, text]) => `${name}: ${JSON.stringify(text)}`)
        .join(', ')} }`;

/** `main.ts` of a new project. */
export const mainFile = ({
  cdk,
  isEsm,
}: Style): string => `import { App, TerraformOutput, TerraformStack } from '${cdk}';
import { connectVendor } from './vendor-connection${isEsm ? '.js' : ''}';

const app = new App();
const stack = new TerraformStack(app, 'vendor');
const connection = connectVendor(stack);
new TerraformOutput(stack, 'role_arn', { value: connection.roleArn });
new TerraformOutput(stack, 'account_id', { value: connection.accountId });

app.synth();
`;

/** `package.json` with missing lines added and existing ones unchanged. */
export function withPackages(
  existing: Record<string, unknown>,
  cdk: Cdk,
  version: string,
  { isNew, supportsCli }: { isNew: boolean; supportsCli: boolean },
): Record<string, unknown> {
  const { dependencies, devDependencies } = PACKAGES[cdk];
  const present = { ...(existing.dependencies as object), ...(existing.devDependencies as object) };
  const missing = (packages: Record<string, string>) =>
    Object.fromEntries(Object.entries(packages).filter(([name]) => !(name in present)));
  const add = (to: unknown, packages: Record<string, string>) =>
    Object.fromEntries(
      Object.entries({ ...packages, ...(to as object) }).sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  const tools = isNew ? missing({ ...(supportsCli && devDependencies), ...TOOLS }) : {};
  return {
    ...existing,
    // npm asks about each package whose install script has not been allowed.
    ...(isNew && { allowScripts: { ...(supportsCli && ALLOWED_INSTALL_SCRIPTS[cdk]), esbuild: true } }),
    ...(isNew && {
      scripts: { ...(supportsCli ? cliScripts(cdk) : TERRAFORM_SCRIPTS), ...(existing.scripts as object) },
    }),
    dependencies: add(
      existing.dependencies,
      missing({ ...dependencies, '@rolebridge/constructs': `^${version}` }),
    ),
    ...(Object.keys(tools).length > 0 && { devDependencies: add(existing.devDependencies, tools) }),
  };
}

const cliScripts = (cdk: Cdk) => ({
  synth: `${cdk} synth`,
  deploy: `${cdk} deploy`,
  destroy: `${cdk} destroy`,
});

/** The steps of the CLI with the program and Terraform, for a Node.js that the CLI doesn't support. */
const inStack = 'terraform -chdir=cdktf.out/stacks/vendor';
const TERRAFORM_SCRIPTS = {
  synth: 'tsx main.ts',
  deploy: `tsx main.ts && ${inStack} init && ${inStack} apply`,
  destroy: `tsx main.ts && ${inStack} init && ${inStack} destroy`,
};

export const cdkSettings = (projectId: string): object => ({
  language: 'typescript',
  app: 'npx tsx main.ts',
  projectId,
  sendCrashReports: 'false',
  terraformProviders: [],
  terraformModules: [],
  context: {},
});

export const typescriptSettings: object = {
  compilerOptions: {
    target: 'es2022',
    module: 'nodenext',
    moduleResolution: 'nodenext',
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: ['node'],
  },
  include: ['*.ts'],
};

export const IGNORED = 'node_modules/\ncdktf.out/\n.terraform/\n*.tfstate*\n*.log\n';
