import {
  GetRoleCommand,
  IAMClient,
  type IAMClientConfig,
  ListAccountAliasesCommand,
  SimulatePrincipalPolicyCommand,
} from '@aws-sdk/client-iam';
import { z } from 'zod';
import type { SessionCredentials, Sts, StsAnswer } from '../domain/ports.js';
import type { Partition, RoleArn } from '../domain/role-arn.js';
import type { SimulatedDecision, Simulation } from '../domain/verification/judge-permissions.js';
import { answered } from './answers.js';
import { settingsReadBy } from './outbound.js';

const roleAnswer = z.object({
  Role: z.object({ RoleId: z.string().min(1), AssumeRolePolicyDocument: z.string().min(1).max(65_536) }),
});

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/console_account-alias.html: at most one. */
const aliasAnswer = z.object({
  AccountAliases: z
    .array(z.string().regex(/^[a-z0-9-]{3,63}$/))
    .max(10)
    .default([]),
});

const text = z.string().max(2_048);
const contextKeys = z.array(text).max(1_000).default([]);
const boundary = z.object({ AllowedByPermissionsBoundary: z.boolean().optional() }).optional();
const resultSchema = z.object({
  EvalActionName: text,
  EvalResourceName: text.default('*'),
  EvalDecision: text,
  MissingContextValues: contextKeys,
  OrganizationsDecisionDetail: z.object({ AllowedByOrganizations: z.boolean().optional() }).optional(),
  PermissionsBoundaryDecisionDetail: boundary,
  ResourceSpecificResults: z
    .array(
      z.object({
        EvalResourceName: text,
        EvalResourceDecision: text,
        MissingContextValues: contextKeys,
        PermissionsBoundaryDecisionDetail: boundary,
      }),
    )
    .default([]),
});
/** https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html */
const simulationAnswer = z.object({
  EvaluationResults: z.array(resultSchema).max(10_000).default([]),
  IsTruncated: z.boolean().default(false),
  Marker: z.string().min(1).optional(),
});

/** The most pages of an answer: more than any simulation needs. */
const maxPages = 50;

/** Calls to IAM with the session of a customer's role: one attempt a call. */
export function createIam(
  settingsOf: (partition: Partition) => IAMClientConfig,
  timeoutMs: number,
): Pick<Sts, 'readRole' | 'accountAlias' | 'simulate'> {
  const known = new Map<Partition, ReturnType<typeof settingsReadBy>>();
  /** Cached, because a verification makes several calls with one session. */
  const clients = new WeakMap<SessionCredentials, IAMClient>();
  const clientFor = (partition: Partition, credentials: SessionCredentials): IAMClient => {
    const { accessKeyId, secretAccessKey, sessionToken } = credentials;
    const own = clients.get(credentials);
    if (own) return own;
    const client = new IAMClient({
      ...settingsOf(partition),
      ...known.get(partition),
      credentials: { accessKeyId, secretAccessKey, sessionToken },
    });
    if (!known.has(partition)) known.set(partition, settingsReadBy(client.config));
    clients.set(credentials, client);
    return client;
  };
  const limit = () => ({ abortSignal: AbortSignal.timeout(timeoutMs) });
  return {
    async readRole(partition, credentials, roleName) {
      const client = clientFor(partition, credentials);
      const answer = await answered(roleAnswer, () =>
        client.send(new GetRoleCommand({ RoleName: roleName }), limit()),
      );
      if (answer.outcome !== 'allowed') return answer;
      const { outcome, requestId, output } = answer;
      const { RoleId: roleId, AssumeRolePolicyDocument: trustPolicy } = output.Role;
      return { outcome, requestId, roleId, trustPolicy };
    },

    async accountAlias(partition, credentials) {
      const client = clientFor(partition, credentials);
      const answer = await answered(aliasAnswer, () =>
        client.send(new ListAccountAliasesCommand({ MaxItems: 1 }), limit()),
      );
      if (answer.outcome !== 'allowed') return answer;
      const { outcome, requestId, output } = answer;
      return { outcome, requestId, alias: output.AccountAliases[0] };
    },

    simulate: (partition, credentials, roleArn, simulation) =>
      everyPage(clientFor(partition, credentials), roleArn, simulation, limit),
  };
}

/** Results after an unreadable page, or one without a marker, are missing: "not answered". */
async function everyPage(
  client: IAMClient,
  roleArn: RoleArn,
  simulation: Simulation,
  limit: () => { abortSignal: AbortSignal },
): Promise<StsAnswer<{ decisions: SimulatedDecision[] }>> {
  const decisions: SimulatedDecision[] = [];
  let requestId: string | undefined;
  let marker: string | undefined;
  for (let page = 0; page < maxPages; page++) {
    const input = {
      PolicySourceArn: roleArn,
      ActionNames: [...simulation.actions],
      ResourceArns: [...simulation.resources],
      ContextEntries: simulation.context.map(({ key, type, values }) => ({
        ContextKeyName: key,
        ContextKeyType: type,
        ContextKeyValues: [...values],
      })),
      Marker: marker,
    };
    const answer = await answered(simulationAnswer, () =>
      client.send(new SimulatePrincipalPolicyCommand(input), limit()),
    );
    requestId ??= answer.requestId;
    if (answer.outcome === 'inconclusive' && answer.reason === 'malformed') break;
    if (answer.outcome !== 'allowed') return answer;
    const { EvaluationResults, IsTruncated, Marker } = answer.output;
    decisions.push(...EvaluationResults.flatMap((each) => decisionsIn(each, simulation)));
    if (!IsTruncated || Marker === undefined || Marker === marker) break;
    marker = Marker;
  }
  return { outcome: 'allowed', requestId, decisions };
}

/** An answer for several resources has the decision and the missing context of each beside the resource. */
function decisionsIn(result: z.output<typeof resultSchema>, simulation: Simulation): SimulatedDecision[] {
  const { EvalActionName: action, ResourceSpecificResults: specific } = result;
  const shared = {
    simulation,
    action,
    allowedByOrganization: result.OrganizationsDecisionDetail?.AllowedByOrganizations,
  };
  return [
    ...specific.map((each) => ({
      ...shared,
      resource: each.EvalResourceName,
      decision: each.EvalResourceDecision,
      missingContext: each.MissingContextValues,
      allowedByBoundary: (each.PermissionsBoundaryDecisionDetail ?? result.PermissionsBoundaryDecisionDetail)
        ?.AllowedByPermissionsBoundary,
    })),
    {
      ...shared,
      resource: result.EvalResourceName,
      decision: result.EvalDecision,
      missingContext: result.MissingContextValues,
      allowedByBoundary: result.PermissionsBoundaryDecisionDetail?.AllowedByPermissionsBoundary,
    },
  ];
}
