/** The rules for the props of the callback. */
import { type TerraformVariable, Token } from 'cdktf';
import { PATTERNS } from './patterns';
import {
  fits,
  isObject,
  matches,
  mustBe,
  optional,
  type Problem,
  unknownKeys,
  wholeNumber,
  yesOrNo,
} from './rules';

const DESIGN = "Rolebridge's callback contract";

export function connectionIdProblem(value: unknown): Problem {
  return fits('connectionId', value, PATTERNS.connectionId, DESIGN);
}

export function vendorNameProblem(value: unknown): Problem {
  return optional(value, () =>
    // No tokens: it is a word of a command.
    typeof value === 'string' && /^[A-Za-z0-9._-]{1,32}$/.test(value)
      ? undefined
      : mustBe('vendorName', '1–32 characters of [A-Za-z0-9._-]', DESIGN, value),
  );
}

export function failDestroyProblem(value: unknown): Problem {
  return yesOrNo('failDestroyWhenUnreachable', value, DESIGN);
}

export function callbackUrlProblem(value: unknown): Problem {
  return matches('callbackUrl', value, isCallbackUrl, PATTERNS.callbackUrl.rule, DESIGN);
}

/** `URL.canParse` came after Node 18. */
function isCallbackUrl(text: string): boolean {
  try {
    const { hostname, username, password } = new URL(text);
    return PATTERNS.callbackUrl.fits.test(text) && hostname !== '' && username === '' && password === '';
  } catch {
    return false;
  }
}

/** The role of a callback, and what it waits for. */
export function callbackRoleProblems({ role, dependsOn }: { role: unknown; dependsOn?: unknown }): Problem[] {
  const isRole = typeof role === 'object' && role !== null && ('roleArn' in role || 'arn' in role);
  const isElement = (one: unknown) => typeof one === 'object' && one !== null && !Array.isArray(one);
  return [
    isRole ? undefined : mustBe('role', 'a CrossAccountRole, or an IamRole of your stack', DESIGN, role),
    dependsOn === undefined || (Array.isArray(dependsOn) && dependsOn.every(isElement))
      ? undefined
      : mustBe('dependsOn', 'a list of resources of your stack', DESIGN, dependsOn),
  ];
}

export function scopeProblems(value: unknown): Problem[] {
  if (value === undefined || Token.isUnresolved(value)) return [];
  if (!isObject(value)) return [mustBe('scope', '{ project?, environment?, architecture? }', DESIGN, value)];
  const { project, environment, architecture, ...others } = value;
  return [
    ...unknownKeys('scope', others, 'project, environment, architecture', DESIGN),
    ...Object.entries({ project, environment, architecture }).map(([key, name]) =>
      optional(name, () => fits(`scope.${key}`, name, PATTERNS.scopeName, DESIGN)),
    ),
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
}

export function secretVariableProblem(prop: string, variable: unknown): Problem {
  const source = 'https://developer.hashicorp.com/terraform/language/values/variables';
  return optional(variable, () => {
    if (typeof variable !== 'object' || variable === null || !('sensitive' in variable))
      return `${prop} must be a TerraformVariable: a secret in the code would be in the synthesized JSON (${source})`;
    const { sensitive, default: preset } = variable as TerraformVariable;
    if (sensitive !== true)
      return `${prop} must be declared with sensitive: true, or Terraform shows it in plans (${source})`;
    return preset === undefined
      ? undefined
      : `${prop} must have no default: it would be in the synthesized JSON (${source})`;
  });
}

export function healthProblems(value: unknown): Problem[] {
  if (value === undefined) return [];
  if (!isObject(value)) return [mustBe('health', '{ statusToken, timeoutSeconds? }', DESIGN, value)];
  const { statusToken, timeoutSeconds, ...others } = value;
  return [
    ...unknownKeys('health', others, 'statusToken, timeoutSeconds', DESIGN),
    statusToken === undefined
      ? mustBe('health.statusToken', 'a sensitive TerraformVariable with the status token', DESIGN, undefined)
      : secretVariableProblem('health.statusToken', statusToken),
    secondsProblem('health.timeoutSeconds', timeoutSeconds, 1, 30),
  ];
}

export function secondsProblem(prop: string, value: unknown, least: number, most: number): Problem {
  return optional(value, () => wholeNumber(prop, value, least, most, 'a whole number of seconds', DESIGN));
}
