/** The rules for the props of the callback. */
import { type TerraformVariable, Token } from 'cdktf';
import { PATTERNS } from './patterns';
import { expectedAccountId } from './role';
import {
  isObject,
  members,
  mustBe,
  type Problem,
  problemsOf,
  type Rule,
  type Rules,
  ruleOf,
  seconds,
  text,
  yesOrNo,
} from './rules';

const DESIGN = "Rolebridge's callback contract";

// No tokens: it is a word of a command.
const vendorName = ruleOf(
  (value) => typeof value === 'string' && /^[A-Za-z0-9._-]{1,32}$/.test(value),
  '1–32 characters of [A-Za-z0-9._-]',
  DESIGN,
);

export const vendorNameProblem = (value: unknown) =>
  value === undefined ? undefined : vendorName('vendorName', value);

/** `URL.canParse` came after Node 18. */
function isCallbackUrl(text: string): boolean {
  try {
    const { hostname, username, password } = new URL(text);
    return PATTERNS.callbackUrl.fits.test(text) && hostname !== '' && username === '' && password === '';
  } catch {
    return false;
  }
}

const scopeName = text(PATTERNS.scopeName, DESIGN);
const names = members(
  '{ project?, environment?, architecture? }',
  { project: scopeName, environment: scopeName, architecture: scopeName },
  DESIGN,
);

const scope: Rule = (prop, value) => {
  if (Token.isUnresolved(value)) return [];
  const { project, environment, architecture } = isObject(value) ? value : {};
  return [
    ...[names(prop, value)].flat(),
    environment !== undefined && project === undefined
      ? mustBe('scope.environment', 'inside a project: give scope.project too', DESIGN, environment)
      : undefined,
    architecture !== undefined && environment === undefined
      ? mustBe(
          'scope.architecture',
          'inside an environment: give scope.environment too',
          DESIGN,
          architecture,
        )
      : undefined,
  ];
};

function secretVariable(prop: string, variable: unknown): Problem {
  const source = 'https://developer.hashicorp.com/terraform/language/values/variables';
  if (typeof variable !== 'object' || variable === null || !('sensitive' in variable))
    return `${prop} must be a TerraformVariable: a secret in the code would be in the synthesized JSON (${source})`;
  const { sensitive, default: preset } = variable as TerraformVariable;
  if (sensitive !== true)
    return `${prop} must be declared with sensitive: true, or Terraform shows it in plans (${source})`;
  return preset === undefined
    ? undefined
    : `${prop} must have no default: it would be in the synthesized JSON (${source})`;
}

const statusToken: Rule = (prop, value) =>
  value === undefined
    ? mustBe(prop, 'a sensitive TerraformVariable with the status token', DESIGN, value)
    : secretVariable(prop, value);

const RULES: Rules = {
  role: ruleOf(
    (value) => typeof value === 'object' && value !== null && ('roleArn' in value || 'arn' in value),
    'a CrossAccountRole, or an IamRole of your stack',
    DESIGN,
  ),
  dependsOn: ruleOf(
    (value) => Array.isArray(value) && value.every(isObject),
    'a list of resources of your stack',
    DESIGN,
  ),
  connectionId: text(PATTERNS.connectionId, DESIGN),
  callbackUrl: text({ fits: { test: isCallbackUrl }, rule: PATTERNS.callbackUrl.rule }, DESIGN),
  scope,
  vendorName,
  failDestroyWhenUnreachable: yesOrNo(DESIGN),
  expectedAccountId,
  callbackTimeoutSeconds: seconds(1, 900, DESIGN),
  destroyTimeoutSeconds: seconds(1, 300, DESIGN),
  callbackSecret: secretVariable,
  health: members(
    '{ statusToken, timeoutSeconds? }',
    { statusToken, timeoutSeconds: seconds(1, 30, DESIGN) },
    DESIGN,
    ['statusToken'],
  ),
};

export const callbackProblems = (props: Readonly<Record<string, unknown>>): Problem[] =>
  problemsOf(RULES, props, ['role', 'connectionId', 'callbackUrl']);
