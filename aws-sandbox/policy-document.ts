import type { Account, Accounts } from './accounts.js';
import { AwsError } from './aws-error.js';
import { parseOperator } from './conditions.js';
import type { Policy } from './evaluate.js';

type Json = Record<string, unknown>;

/** Faults of a statement, in IAM's order and words. */
type Rules = readonly (readonly [isWrong: (statement: Json) => boolean, text: string])[];

const FIELDS = [
  ...['Sid', 'Effect', 'Principal', 'NotPrincipal', 'Action', 'NotAction'],
  ...['Resource', 'NotResource', 'Condition'],
];
const SYNTAX = 'Syntax errors in policy.';
const NO_VENDOR = 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.';

const EVERY_STATEMENT: Rules = [
  [(one) => Object.keys(one).some((field) => !FIELDS.includes(field)), SYNTAX],
  [(one) => !('Effect' in one), 'Missing required field Effect'],
  [({ Effect }) => Effect !== 'Allow' && Effect !== 'Deny', 'Invalid effect.'],
];
const ACTIONS: Rules = [
  [(one) => !('Action' in one || 'NotAction' in one), 'Missing required field Action'],
  [(one) => actionsOf(one).length === 0, 'Policy statement must contain actions.'],
];
const TRUST: Rules = [
  [(one) => 'Resource' in one, 'Has prohibited field Resource'],
  [(one) => 'NotResource' in one, 'Has prohibited field NotResource'],
  [(one) => !('Principal' in one || 'NotPrincipal' in one), 'Missing required field Principal'],
  [(one) => 'NotPrincipal' in one && one.Effect === 'Allow', 'Allow with NotPrincipal is not allowed.'],
  ...ACTIONS,
  [
    (one) => actionsOf(one).some((action) => action !== '*' && !/^sts:/i.test(action)),
    'AssumeRole policy may only specify STS AssumeRole actions.',
  ],
];
const IDENTITY: Rules = [
  [(one) => 'Principal' in one || 'NotPrincipal' in one, 'Policy document should not specify a principal.'],
  ...ACTIONS,
  [(one) => actionsOf(one).some((action) => action !== '*' && !/^[a-z0-9*-]+:./i.test(action)), NO_VENDOR],
  [(one) => !('Resource' in one || 'NotResource' in one), 'Policy statement must contain resources.'],
];

/** Default quota of a trust policy, counted without whitespace. */
const MAX_TRUST_POLICY_LENGTH = 2048;

/** A trust policy that IAM would take, or the error that it would answer. */
export function parseTrustPolicy(text: string, account: Account, accounts: Accounts): Policy {
  const document = parseDocument(text, TRUST);
  for (const { Principal, NotPrincipal } of [document.Statement].flat())
    checkPrincipal(Principal ?? NotPrincipal, account, accounts);
  if (text.replace(/\s/g, '').length > MAX_TRUST_POLICY_LENGTH)
    throw new AwsError('LimitExceeded', `Cannot exceed quota for ACLSizePerRole: ${MAX_TRUST_POLICY_LENGTH}`);
  return document;
}

/** Checks an identity policy: an inline, a managed or a session one. */
export function checkIdentityPolicy(text: string, partition: string): void {
  for (const { Resource, NotResource } of [parseDocument(text, IDENTITY).Statement].flat())
    for (const resource of texts(Resource ?? NotResource)) checkResource(resource, partition);
}

function parseDocument(text: string, rules: Rules): Policy {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw malformed('This policy contains invalid Json');
  }
  if (!isObject(document)) throw malformed(SYNTAX);
  const { Version = '2008-10-17', Id: _, Statement = [], ...unknown } = document;
  const statements = [Statement].flat();
  if (statements.length === 0 || Object.keys(unknown).length > 0) throw malformed(SYNTAX);
  if (Version !== '2012-10-17' && Version !== '2008-10-17') throw malformed(SYNTAX);
  const sids = new Set<unknown>();
  for (const statement of statements) {
    if (!isObject(statement)) throw malformed(SYNTAX);
    for (const [isWrong, message] of EVERY_STATEMENT) if (isWrong(statement)) throw malformed(message);
    if (statement.Sid !== undefined && sids.has(statement.Sid))
      throw malformed('Statement IDs (SID) in a single policy must be unique.');
    sids.add(statement.Sid);
    checkConditions(statement.Condition ?? {});
    for (const [isWrong, message] of rules) if (isWrong(statement)) throw malformed(message);
  }
  // Checked above, and its principals or resources by the caller.
  return document as unknown as Policy;
}

function checkResource(resource: string, partition: string): void {
  if (resource === '*') return;
  const [prefix, named = '', ...parts] = resource.split(':');
  if (prefix !== 'arn' || parts.length < 4)
    throw malformed(`Resource ${resource} must be in ARN format or "*".`);
  if (named !== partition && !/[*?]/.test(named))
    throw malformed(`Partition "${named}" is not valid for resource "${resource}".`);
}

function checkPrincipal(principal: unknown, account: Account, accounts: Accounts): void {
  if (principal === '*') return;
  if (typeof principal === 'string') throw malformed(`Invalid principal in policy: "STAR":"${principal}"`);
  if (!isObject(principal)) throw malformed(SYNTAX);
  for (const [type, names] of Object.entries(principal)) {
    const looksRight = Object.hasOwn(PRINCIPALS, type) ? PRINCIPALS[type] : undefined;
    if (!looksRight) throw malformed(`Invalid principal in policy: ${type}`);
    const list = texts(names);
    if (list.length === 0) throw malformed(SYNTAX);
    const wrong = list.find((name) => !looksRight(name, account) || accounts.lacksPrincipal(name));
    if (wrong !== undefined) throw malformed(`Invalid principal in policy: "${type}":"${wrong}"`);
  }
}

const PRINCIPAL_ARN =
  /^arn:([^:]+):(?:iam::\d{12}:(?:root|user\/[\w+=,.@/-]+|role\/[\w+=,.@/-]+)|sts::\d{12}:(?:assumed-role\/[\w+=,.@-]+\/[\w+=,.@-]+|federated-user\/[\w+=,.@-]+))$/;

/** IAM refuses a principal that doesn't exist; in accounts that the sandbox doesn't have, only the form counts. */
const PRINCIPALS: Record<string, (name: string, account: Account) => boolean> = {
  AWS: (name, { partition }) => /^(\*|\d{12})$/.test(name) || PRINCIPAL_ARN.exec(name)?.[1] === partition,
  Service: (name) => /^[a-z0-9.-]+\.amazonaws\.com(\.cn)?$/.test(name),
  Federated: (name) => name.length > 0,
  CanonicalUser: (name) => name.length > 0,
};

function checkConditions(conditions: unknown): void {
  if (!isObject(conditions)) throw malformed(SYNTAX);
  for (const [operator, keys] of Object.entries(conditions)) {
    if (!parseOperator(operator)) throw malformed(`Invalid Condition type : ${operator}.`);
    if (!isObject(keys) || Object.keys(keys).length === 0) throw malformed(SYNTAX);
    if (Object.keys(keys).some((key) => !key.includes(':'))) throw malformed(NO_VENDOR);
    const values = Object.values(keys).flatMap((value) => [value].flat());
    if (values.some((value) => !['string', 'number', 'boolean'].includes(typeof value)))
      throw malformed(SYNTAX);
  }
}

const actionsOf = ({ Action, NotAction }: Json): string[] => texts(Action ?? NotAction);

function texts(value: unknown): string[] {
  return [value].flat().map((item) => {
    if (typeof item !== 'string') throw malformed(SYNTAX);
    return item;
  });
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const malformed = (message: string): AwsError => new AwsError('MalformedPolicyDocument', message);
