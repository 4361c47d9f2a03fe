/** The rules for the props of the callback. */
import { type TerraformVariable, Token } from 'cdktf';
import { matches, mustBe, optional, type Problem, wholeNumber } from './validation';

const DESIGN = "Rolebridge's callback contract";
const SCOPE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export function connectionIdProblem(value: unknown): Problem {
  return matches(
    'connectionId',
    value,
    (text) => /^con_[A-Za-z0-9]{1,64}$/.test(text),
    `the connection's id as the service gave it: con_ and 1–64 letters or digits`,
    DESIGN,
  );
}

export function callbackUrlProblem(value: unknown): Problem {
  return matches(
    'callbackUrl',
    value,
    isCallbackUrl,
    'an https URL without credentials, fragment or spaces (http only on loopback: localhost, 127.0.0.0/8, [::1])',
    DESIGN,
  );
}

function isCallbackUrl(text: string): boolean {
  // Printable ASCII only, and nothing that Terraform would evaluate: a URL parser would repair what we refuse.
  if (!/^https?:\/\/[\x21-\x7e]+$/.test(text) || /[$%]\{|["'<>\\^`{|}#]/.test(text)) return false;
  try {
    const url = new URL(text);
    if (url.username !== '' || url.password !== '') return false;
    return url.protocol === 'https:' || isLoopback(url.hostname);
  } catch {
    // URL.canParse came after Node 18.
    return false;
  }
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.[0-9]{1,3}){3}$/.test(hostname);
}

export function scopeProblems(value: unknown): Problem[] {
  if (value === undefined || Token.isUnresolved(value)) return [];
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return [mustBe('scope', '{ project?, environment?, architecture? }', DESIGN, value)];
  const { project, environment, architecture, ...others } = value as Record<string, unknown>;
  return [
    ...Object.keys(others).map((key) =>
      mustBe(`scope.${key}`, 'one of project, environment, architecture', DESIGN, key),
    ),
    ...Object.entries({ project, environment, architecture }).map(([key, name]) =>
      optional(name, () =>
        matches(
          `scope.${key}`,
          name,
          (text) => SCOPE_NAME.test(text),
          '1–64 characters of [A-Za-z0-9._-], the first a letter or digit',
          DESIGN,
        ),
      ),
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
  if (typeof value !== 'object' || value === null)
    return [mustBe('health', '{ statusToken, timeoutSeconds? }', DESIGN, value)];
  const { statusToken, timeoutSeconds, ...others } = value as Record<string, unknown>;
  return [
    ...Object.keys(others).map((key) =>
      mustBe(`health.${key}`, 'one of statusToken, timeoutSeconds', DESIGN, key),
    ),
    statusToken === undefined
      ? mustBe('health.statusToken', 'a sensitive TerraformVariable with the status token', DESIGN, undefined)
      : secretVariableProblem('health.statusToken', statusToken),
    secondsProblem('health.timeoutSeconds', timeoutSeconds, 1, 30),
  ];
}

export function secondsProblem(prop: string, value: unknown, least: number, most: number): Problem {
  return optional(value, () => wholeNumber(prop, value, least, most, 'a whole number of seconds', DESIGN));
}
