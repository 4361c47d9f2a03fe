import type { Account, Accounts } from './accounts.js';
import { AwsError } from './aws-error.js';
import { parseOperator } from './conditions.js';
import type { TrustPolicy } from './trust-policy.js';

type Json = Record<string, unknown>;

const STATEMENT_FIELDS = [
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
];

const PRINCIPAL_TYPES = ['AWS', 'Service', 'Federated', 'CanonicalUser'];

/** Default quota of a trust policy, counted without whitespace. */
const MAX_TRUST_POLICY_LENGTH = 2048;

/** A trust policy that IAM would take, or the error that it would answer. */
export function parseTrustPolicy(text: string, account: Account, accounts: Accounts): TrustPolicy {
  const document = parseDocument(text);
  for (const statement of statementsOf(document)) {
    for (const field of ['Resource', 'NotResource']) {
      if (field in statement) throw malformed(`Has prohibited field ${field}`);
    }
    if (!('Principal' in statement) && !('NotPrincipal' in statement)) {
      throw malformed('Missing required field Principal');
    }
    if ('NotPrincipal' in statement && statement.Effect === 'Allow') {
      throw malformed('Allow with NotPrincipal is not allowed.');
    }
    checkActions(statement);
    for (const action of texts(statement.Action ?? statement.NotAction)) {
      if (action !== '*' && !/^sts:/i.test(action)) {
        throw malformed('AssumeRole policy may only specify STS AssumeRole actions.');
      }
    }
    checkPrincipal(statement.Principal ?? statement.NotPrincipal, account, accounts);
  }
  if (text.replace(/\s/g, '').length > MAX_TRUST_POLICY_LENGTH) {
    throw new AwsError(
      'LimitExceeded',
      `Cannot exceed quota for ACLSizePerRole: ${MAX_TRUST_POLICY_LENGTH}`,
      409,
    );
  }
  return document as unknown as TrustPolicy;
}

/** Checks an identity policy: an inline, a managed or a session one. */
export function checkIdentityPolicy(text: string, partition: string): void {
  for (const statement of statementsOf(parseDocument(text))) {
    if ('Principal' in statement || 'NotPrincipal' in statement) {
      throw malformed('Policy document should not specify a principal.');
    }
    checkActions(statement);
    for (const action of texts(statement.Action ?? statement.NotAction)) {
      if (action !== '*' && !/^[a-z0-9*-]+:./i.test(action)) {
        throw malformed('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.');
      }
    }
    const resources = statement.Resource ?? statement.NotResource;
    if (resources === undefined) throw malformed('Policy statement must contain resources.');
    for (const resource of texts(resources)) checkResource(resource, partition);
  }
}

function checkResource(resource: string, partition: string): void {
  if (resource === '*') return;
  const parts = resource.split(':');
  if (parts[0] !== 'arn' || parts.length < 6) {
    throw malformed(`Resource ${resource} must be in ARN format or "*".`);
  }
  if (parts[1] !== partition && !/[*?]/.test(parts[1] ?? '')) {
    throw malformed(`Partition "${parts[1]}" is not valid for resource "${resource}".`);
  }
}

function checkPrincipal(principal: unknown, account: Account, accounts: Accounts): void {
  if (principal === '*') return;
  if (typeof principal === 'string') throw malformed(`Invalid principal in policy: "STAR":"${principal}"`);
  if (!isObject(principal)) throw malformed('Syntax errors in policy.');
  for (const [type, names] of Object.entries(principal)) {
    if (!PRINCIPAL_TYPES.includes(type)) throw malformed(`Invalid principal in policy: ${type}`);
    const list = texts(names);
    if (list.length === 0) throw malformed('Syntax errors in policy.');
    const wrong = list.find(
      (name) => !principalLooksRight(type, name, account) || accounts.lacksPrincipal(name),
    );
    if (wrong !== undefined) throw malformed(`Invalid principal in policy: "${type}":"${wrong}"`);
  }
}

/** IAM refuses a principal that doesn't exist; in accounts that the sandbox doesn't have, only the form counts. */
function principalLooksRight(type: string, name: string, account: Account): boolean {
  if (type === 'Service') return /^[a-z0-9.-]+\.amazonaws\.com(\.cn)?$/.test(name);
  if (type !== 'AWS') return name.length > 0;
  if (name === '*' || /^\d{12}$/.test(name)) return true;
  const match =
    /^arn:([^:]+):(?:iam::\d{12}:(?:root|user\/[\w+=,.@/-]+|role\/[\w+=,.@/-]+)|sts::\d{12}:(?:assumed-role\/[\w+=,.@-]+\/[\w+=,.@-]+|federated-user\/[\w+=,.@-]+))$/.exec(
      name,
    );
  return match?.[1] === account.partition;
}

function checkActions(statement: Json): void {
  if (!('Action' in statement) && !('NotAction' in statement))
    throw malformed('Missing required field Action');
  if (texts(statement.Action ?? statement.NotAction).length === 0) {
    throw malformed('Policy statement must contain actions.');
  }
}

function parseDocument(text: string): Json {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw malformed('This policy contains invalid Json');
  }
  if (!isObject(document)) throw malformed('Syntax errors in policy.');
  const unknownField = Object.keys(document).find((field) => !['Version', 'Id', 'Statement'].includes(field));
  const version = document.Version;
  if (unknownField !== undefined || (version !== undefined && !isVersion(version))) {
    throw malformed('Syntax errors in policy.');
  }
  return document;
}

function isVersion(version: unknown): boolean {
  return version === '2012-10-17' || version === '2008-10-17';
}

function statementsOf(document: Json): Json[] {
  const statements = [document.Statement ?? []].flat();
  if (statements.length === 0) throw malformed('Syntax errors in policy.');
  const sids = new Set<unknown>();
  for (const statement of statements) {
    if (!isObject(statement)) throw malformed('Syntax errors in policy.');
    if (Object.keys(statement).some((field) => !STATEMENT_FIELDS.includes(field))) {
      throw malformed('Syntax errors in policy.');
    }
    if (!('Effect' in statement)) throw malformed('Missing required field Effect');
    if (statement.Effect !== 'Allow' && statement.Effect !== 'Deny') {
      throw malformed(`Invalid effect: ${String(statement.Effect)}`);
    }
    if (statement.Sid !== undefined && sids.has(statement.Sid)) {
      throw malformed('Statement IDs (SID) in a single policy must be unique.');
    }
    sids.add(statement.Sid);
    checkConditions(statement.Condition);
  }
  return statements as Json[];
}

function checkConditions(conditions: unknown): void {
  if (conditions === undefined) return;
  if (!isObject(conditions)) throw malformed('Syntax errors in policy.');
  for (const [operator, keys] of Object.entries(conditions)) {
    if (!parseOperator(operator)) throw malformed(`Invalid Condition type : ${operator}.`);
    if (!isObject(keys) || Object.keys(keys).length === 0) throw malformed('Syntax errors in policy.');
    for (const [key, values] of Object.entries(keys)) {
      if (!key.includes(':')) {
        throw malformed('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.');
      }
      const scalars = [values].flat();
      if (scalars.some((value) => !['string', 'number', 'boolean'].includes(typeof value))) {
        throw malformed('Syntax errors in policy.');
      }
    }
  }
}

function texts(value: unknown): string[] {
  const list = [value].flat();
  if (list.some((item) => typeof item !== 'string')) throw malformed('Syntax errors in policy.');
  return list as string[];
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function malformed(message: string): AwsError {
  return new AwsError('MalformedPolicyDocument', message, 400);
}
