import {
  type AccessDecision,
  decide,
  missingContextKeys,
  type NamedPolicy,
  type PolicySet,
  policiesOf,
} from './access.js';
import { AwsError } from './aws-error.js';
import { type Action, type Call, page } from './call.js';
import { type ConditionContext, cannotEvaluate } from './conditions.js';
import type { AccessRequest } from './evaluate.js';
import { violation } from './parameters.js';
import { checkIdentityPolicy } from './policy-document.js';
import type { XmlValue } from './query-protocol.js';

/** https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html */
export const simulatePrincipalPolicy: Action = (call) => {
  const source = call.params.required('PolicySourceArn', { min: 20, max: 2048 });
  const policies = policiesOfSource(call, source);
  const given = listOfDocuments(call, 'PolicyInputList', 'IAM Policy');
  const boundary = listOfDocuments(call, 'PermissionsBoundaryPolicyInputList', 'Permissions Boundary Policy');
  return simulate(call, {
    ...policies,
    identity: [...policies.identity, ...given],
    ...(boundary.length > 0 && { boundary }),
  });
};

/** https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html */
export const simulateCustomPolicy: Action = (call) => {
  const boundary = listOfDocuments(call, 'PermissionsBoundaryPolicyInputList', 'Permissions Boundary Policy');
  const identity = listOfDocuments(call, 'PolicyInputList', 'IAM Policy');
  return simulate(call, { identity, ...(boundary.length > 0 && { boundary }) });
};

function simulate(call: Call, policies: PolicySet): XmlValue {
  const actions = call.params.list('ActionNames');
  if (actions.length === 0) throw violation('null', 'actionNames', 'Member must not be null', false);
  for (const action of actions) {
    // The simulator takes the names of API operations; wildcards are not among them.
    if (!/^[a-z0-9-]+:[A-Za-z0-9]+$/.test(action))
      throw new AwsError('InvalidInput', `Invalid Action Name: ${action}`);
  }
  for (const unsupported of ['ResourcePolicy', 'ResourceHandlingOption'])
    if (call.params.optional(unsupported) !== undefined) throw cannotEvaluate(unsupported);
  const resources = call.params.list('ResourceArns');
  const context = readContext(call);
  const results = actions.flatMap((action) =>
    (resources.length > 0 ? resources : ['*']).map((resource) =>
      resultXml({ action, resource, context }, policies),
    ),
  );
  return page(call, 'EvaluationResults', results);
}

/** Missing keys are listed with the resource, when there is one, as AWS lists them. */
function resultXml(request: AccessRequest, policies: PolicySet): XmlValue {
  const decision = decide(policies, request);
  const missing = missingContextKeys(policies, request);
  const isSpecific = request.resource !== '*';
  const details = {
    ...(decision.allowedByBoundary !== undefined && {
      PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: decision.allowedByBoundary },
    }),
  };
  return {
    EvalActionName: request.action,
    EvalResourceName: request.resource,
    EvalDecision: decision.decision,
    MatchedStatements: matchedXml(decision),
    MissingContextValues: isSpecific ? [] : missing,
    ...(decision.allowedByOrganization !== undefined && {
      OrganizationsDecisionDetail: { AllowedByOrganizations: decision.allowedByOrganization },
    }),
    ...details,
    ResourceSpecificResults: isSpecific
      ? [
          {
            EvalResourceName: request.resource,
            EvalResourceDecision: decision.decision,
            MatchedStatements: matchedXml(decision),
            MissingContextValues: missing,
            ...details,
          },
        ]
      : [],
  };
}

function matchedXml({ matched }: AccessDecision): XmlValue[] {
  return matched.map(({ policy }) => ({
    SourcePolicyId: policy.id,
    SourcePolicyType: policy.type,
    StartPosition: { Line: 1, Column: 1 },
    EndPosition: { Line: 1, Column: policy.document.length },
  }));
}

function policiesOfSource(call: Call, arn: string): PolicySet {
  const entity = call.accounts.findEntity(arn);
  if (entity && arn.split(':')[4] === call.account.accountId) return policiesOf(call.account, entity);
  throw new AwsError('NoSuchEntity', `The principal ${arn} cannot be found.`);
}

function listOfDocuments(call: Call, name: string, type: string): NamedPolicy[] {
  return call.params.list(name).map((document, index) => {
    checkIdentityPolicy(document, call.account.partition);
    return { id: `${name}.${index + 1}`, type, document };
  });
}

function readContext(call: Call): ConditionContext {
  const keys = call.params.list('ContextEntries', 'ContextKeyName');
  return new Map(
    keys.map((key, index) => [
      key.toLowerCase(),
      call.params.list(`ContextEntries.member.${index + 1}.ContextKeyValues`),
    ]),
  );
}
