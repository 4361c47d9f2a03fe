import { matchesGlob } from '../glob.js';
import { type Json, parseTrustPolicy, type Statement } from './parse-trust-policy.js';

/** The callers that a customer's trust policy lets in. */
export interface TrustJudgement {
  readonly verdict: 'safe' | 'unsafe';
  /** Why the policy is unsafe; empty for a safe one. */
  readonly reasons: readonly TrustReason[];
  /** Principals other than the vendor's that can assume the role: the customer's own business, but shown. */
  readonly alsoTrusted: readonly { readonly principal: string; readonly statement: string }[];
  /** Accounts of the vendor that are trusted as a whole, though with the external ID. */
  readonly wholeAccounts: readonly WholeAccount[];
}

/** An account of the vendor as the policy names it, and the principal in use, which narrows it. */
export interface WholeAccount {
  readonly principal: string;
  readonly narrower: string;
}

/** A reason why a policy is unsafe. */
export interface TrustReason {
  readonly code:
    | 'not_understood'
    | 'external_id_missing'
    | 'external_id_different'
    | 'anyone'
    | 'open_federation';
  readonly message: string;
  /** The statement as JSON, when the reason lies in one. */
  readonly statement?: string | undefined;
}

/** The intended principal. */
export interface TrustTerms {
  /** The vendor's principals, as ARNs. Every principal of their accounts counts as the vendor. */
  readonly vendorPrincipals: readonly string[];
  /** The connection's external ID; during a rotation the pending one too. */
  readonly externalIds: readonly string[];
}

type Finding = Omit<TrustReason, 'statement'>;

/**
 * Is a role with this trust policy safe: does it let the vendor in only with the connection's external ID? Sound, not
 * clever: a policy that is not fully understood is unsafe, a Deny never makes one safe, and conditions beside the
 * external ID only narrow. https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
 *
 * @param text the policy as IAM stores it, URL-decoded once
 */
export function judgeTrustPolicy(text: string, terms: TrustTerms): TrustJudgement {
  const statements = parseTrustPolicy(text);
  if (typeof statements === 'string') {
    const reason: TrustReason = { code: 'not_understood', message: statements };
    return { verdict: 'unsafe', reasons: [reason], alsoTrusted: [], wholeAccounts: [] };
  }
  const reasons: TrustReason[] = [];
  const alsoTrusted: { principal: string; statement: string }[] = [];
  const wholeAccounts = new Map<string, WholeAccount>();
  for (const statement of statements.filter(({ effect }) => effect === 'Allow')) {
    if (!assumeActions.some((action) => includesAction(statement, action))) continue;
    const found = new Map<string, Finding>();
    if (statement.principals === undefined) found.set('NotPrincipal', everyoneBut);
    for (const { type, name } of statement.principals ?? []) {
      const judged = judgePrincipal(type, name, statement, terms);
      if (judged === undefined) continue;
      if (judged === 'trusted') alsoTrusted.push({ principal: name, statement: statement.text });
      else if ('narrower' in judged) wholeAccounts.set(name, judged);
      else found.set(judged.message, judged);
    }
    for (const reason of found.values()) reasons.push({ ...reason, statement: statement.text });
  }
  const verdict = reasons.length > 0 ? 'unsafe' : 'safe';
  return { verdict, reasons, alsoTrusted, wholeAccounts: [...wholeAccounts.values()] };
}

/** Actions that open a session of a role. `sts:TagSession` and `sts:SetSourceIdentity` alone open none. */
const assumeActions = ['sts:assumerole', 'sts:assumerolewithwebidentity', 'sts:assumerolewithsaml'] as const;

const everyoneBut: Finding = {
  code: 'anyone',
  message: 'NotPrincipal with Allow trusts everyone except the principals that it names.',
};

/** A reason, `trusted` for someone else, a whole account of the vendor, or undefined: the intended principal, or not concerned. */
function judgePrincipal(type: string, name: string, statement: Statement, terms: TrustTerms) {
  if (type === 'Federated') return judgeFederation(name, statement);
  if (!includesAction(statement, 'sts:assumerole')) return undefined;
  if (type === 'Service' && /^[a-z0-9.-]+$/.test(name)) return 'trusted';
  if (type !== 'AWS') return notUnderstood(`the principal ${JSON.stringify({ [type]: name })}`);
  if (name === '*')
    return {
      code: 'anyone',
      message:
        'The principal * is every AWS account. An external ID is no secret, so it does not protect the role.',
    } as const;
  const account = accountOf(name);
  if (account === undefined) return notUnderstood(`the principal ${JSON.stringify(name)}`);
  const own = terms.vendorPrincipals.find((principal) => accountOf(principal) === account);
  if (own === undefined && account !== 'unknown') return 'trusted';
  const refused = judgeExternalId(name, statement, terms);
  if (refused) return refused;
  const isWholeAccount = /^\d{12}$|:root$/.test(name) && own !== undefined && accountOf(own) !== own;
  if (!isWholeAccount || own.endsWith(':root')) return undefined;
  return { principal: name, narrower: own };
}

/** The account of an AWS principal, `unknown` for a unique id (`AROA…`: its principal was deleted), or undefined. */
function accountOf(principal: string): string | undefined {
  if (/^(AIDA|AROA)[A-Z0-9]{8,}$/.test(principal)) return 'unknown';
  if (/^\d{12}$/.test(principal)) return principal;
  return /^arn:[a-z-]+:(?:iam|sts)::(\d{12}):[^\s*?$"\\]+$/.exec(principal)?.[1];
}

function judgeExternalId(name: string, { condition }: Statement, { externalIds }: TrustTerms) {
  const required = condition.StringEquals?.['sts:ExternalId'];
  const values = required === undefined ? [] : [required].flat();
  const isOurs = (value: Json) =>
    typeof value === 'string' && externalIds.includes(value) && /^[\w+=,.@:/-]{2,}$/.test(value);
  if (values.length > 0 && values.length <= externalIds.length && values.every(isOurs)) return undefined;
  const [only] = values;
  if (values.length === 1 && typeof only === 'string')
    return {
      code: 'external_id_different',
      message: `The statement lets ${name} in with the external ID ${JSON.stringify(only)}, which is not this connection's.`,
    } as const;
  const isNamed = Object.values(condition).some((keys) =>
    Object.keys(keys).some((key) => key.toLowerCase() === 'sts:externalid'),
  );
  return {
    code: 'external_id_missing',
    message: isNamed
      ? `The statement lets ${name} in with more than this connection's external ID: only StringEquals on sts:ExternalId, spelled like this, with this one value protects the role.`
      : `The statement lets ${name} in without an external ID.`,
  } as const;
}

/** Issuers that sign for many customers: only the subject says for whom. */
const sharedIssuer =
  /^(token\.actions\.githubusercontent\.com|gitlab\.com|app\.terraform\.io|agent\.buildkite\.com|oidc\.vercel\.com|api\.pulumi\.com\/oidc|oidc\.codefresh\.io|accounts\.google\.com|cognito-identity\.amazonaws\.com|graph\.facebook\.com|www\.amazon\.com)$/;

function judgeFederation(name: string, statement: Statement) {
  const provider = /^arn:[a-z-]+:iam::\d{12}:(saml|oidc)-provider\/([\w./:-]+)$/.exec(name);
  const issuer = provider?.[2] ?? name;
  const [webIdentity, saml] = ['sts:assumerolewithwebidentity', 'sts:assumerolewithsaml'];
  if (!includesAction(statement, provider?.[1] === 'saml' ? saml : webIdentity)) return undefined;
  const isWellKnown = provider === null && sharedIssuer.test(issuer);
  if (provider === null && !isWellKnown) return notUnderstood(`the principal ${JSON.stringify(name)}`);
  const open = (missing: string) =>
    ({ code: 'open_federation', message: `${name} is trusted without ${missing}.` }) as const;
  const audience =
    provider?.[1] === 'saml' ? ['saml:aud'] : [`${issuer}:aud`, `${issuer}:app_id`, `${issuer}:azp`];
  if (!audience.some((key) => isLimited(statement, key, /^[^*?$]/)))
    return open('a condition on its audience');
  // `repo:acme/*`, not `repo:*`: the literal start names an owner.
  if (
    sharedIssuer.test(issuer) &&
    !isLimited(statement, `${issuer}:sub`, /^([^*?$]+|[^*?$:]+:[^*?$:/]+[:/].*)$/)
  )
    return open('a condition on its subject that names its owner: this issuer signs for other customers too');
  return 'trusted';
}

/** Whether a condition requires the key, with values that all begin with a literal. */
function isLimited({ condition }: Statement, key: string, allowed: RegExp): boolean {
  return Object.entries(condition).some(
    ([operator, keys]) =>
      /^(ForAnyValue:)?String(Equals|Like)$/.test(operator) &&
      Object.entries(keys).some(([name, expected]) => {
        const values = [expected].flat();
        const isLiteral = (value: Json) => typeof value === 'string' && allowed.test(value);
        return name.toLowerCase() === key.toLowerCase() && values.length > 0 && values.every(isLiteral);
      }),
  );
}

function notUnderstood(what: string): Finding {
  return { code: 'not_understood', message: `The trust policy has ${what}, which can't be judged.` };
}

/** NotAction counts as every action: only positive lists are understood. */
function includesAction({ actions }: Statement, action: string): boolean {
  return actions?.some((pattern) => matchesGlob(pattern.toLowerCase(), action)) ?? true;
}
