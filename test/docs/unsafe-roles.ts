import { readFileSync } from 'node:fs';
import { evaluateTrustPolicy } from '../../aws-sandbox/index.js';
import { newConnectionId, newExternalId, newOrganizationId } from '../../service/domain/ids.js';
import type { Sts } from '../../service/domain/ports.js';
import { judgeTrustPolicy } from '../../service/domain/verification/judge-trust-policy.js';
import { verifyRole } from '../../service/domain/verification/verify-role.js';
import { table } from './table.js';

interface Cases {
  values: Record<string, string>;
  roles: { id: number; name: string; policy: object }[];
}

/** `docs/unsafe-roles.md`: each kind of unsafe role, with the answers of the probes and the judge. */
export async function unsafeRolesPage(): Promise<string> {
  const { values, roles } = JSON.parse(readFileSync('test/cases/unsafe-roles.json', 'utf8')) as Cases;
  const vendor = String(values.vendorPrincipal);
  const externalId = String(values.externalId);

  const opens = (
    policy: object,
    asked: Pick<Asked, 'externalId' | 'sessionName' | 'sourceIdentity' | 'tags'>,
  ) => {
    const { sessionName, sourceIdentity, tags = [] } = asked;
    const context = new Map<string, string[]>([
      ['sts:rolesessionname', [sessionName]],
      ['aws:sourceip', ['198.51.100.7']],
      ['aws:useragent', ['aws-sdk-js/3']],
      ['aws:currenttime', ['2026-11-28T00:00:00Z']],
      ...(asked.externalId === undefined ? [] : [entry('sts:externalid', asked.externalId)]),
      ...(sourceIdentity === undefined ? [] : [entry('sts:sourceidentity', sourceIdentity)]),
      ...tags.map(({ key, value }) => entry(`aws:requesttag/${key}`, value)),
    ]);
    const caller = { partition: 'aws', accountId: String(values.vendorAccount), arns: [vendor] };
    // The cases are trust policies, which the type can't tell of JSON.
    const document = policy as Parameters<typeof evaluateTrustPolicy>[0];
    return [
      'sts:AssumeRole',
      ...(sourceIdentity === undefined ? [] : ['sts:SetSourceIdentity']),
      ...(tags.length > 0 ? ['sts:TagSession'] : []),
    ].every((action) => evaluateTrustPolicy(document, { action, caller, context }) === 'allow');
  };
  const probes = (policy: object) => {
    const [right, none, wrong] = [
      externalId,
      undefined,
      'rb-zyxwvutsrqponmlkjihgfedcba765432zyxwvutsrqponmlk',
    ].map((sent) => opens(policy, { externalId: sent, sessionName: 'rolebridge.verify' }));
    return right && !none && !wrong ? 'connected' : 'rejected';
  };
  /** The product's own verification of a role that may not read itself. */
  const unreadable = async (policy: object) => {
    const connection = {
      id: newConnectionId(),
      organizationId: newOrganizationId(),
      externalId: newExternalId(),
    };
    const roleArn = `arn:aws:iam::${values.accountId}:role/rolebridge`;
    const own = { externalId, organizationId: values.organizationId, connectionId: values.connectionId };
    const text = Object.entries({ ...connection, connectionId: connection.id }).reduce(
      (all, [name, value]) => all.replaceAll(String(own[name as keyof typeof own] ?? value), value),
      JSON.stringify(policy),
    );
    const sessionArn = `arn:aws:sts::${values.accountId}:assumed-role/rolebridge/verify`;
    const denied = { outcome: 'denied', reason: 'access_denied', message: '', requestId: '' } as const;
    const answer = await verifyRole(
      {
        connection,
        roleArn,
        vendorPrincipals: new Map([['aws', vendor]]),
        deniedAccountIds: new Set(),
        sessionName: `rolebridge.verify.${connection.id}`,
        firstAttemptAt: 0,
        propagationWindowMs: 0,
        maxWaitMs: 0,
        allowPropagation: false,
      },
      {
        clock: { now: Date.now, sleep: async () => {} },
        newExternalId,
        sts: {
          simulate: notAsked,
          accessKeyIdentity: notAsked,
          signerIdentity: notAsked,
          assumeRole: async (asked) =>
            opens(JSON.parse(text), asked)
              ? { outcome: 'allowed', sessionArn, roleId: 'AROA', credentials, requestId: '' }
              : denied,
          readRole: async () => denied,
          accountAlias: notAsked,
          callerIdentity: async () => ({
            outcome: 'allowed',
            accountId: String(values.accountId),
            arn: sessionArn,
            requestId: '',
          }),
        },
      },
    );
    return answer.outcome;
  };
  const verdict = (policy: object) => {
    const judged = judgeTrustPolicy(JSON.stringify(policy), {
      vendorPrincipals: [vendor],
      externalIds: [externalId],
    });
    if (judged.verdict === 'unsafe')
      return `**rejected**: \`${judged.reasons[0]?.code ?? 'not_understood'}\``;
    if (judged.alsoTrusted.length > 0)
      return `proven; lists ${judged.alsoTrusted[0]?.principal} as also trusted`;
    return 'proven, with a note and the edit that narrows it';
  };
  const rows = roles.map(({ id, policy }) => [kinds[id] ?? '', probes(policy), verdict(policy)]);
  const unread = await Promise.all(roles.map(({ policy }) => unreadable(policy)));
  const refused = unread.filter((outcome) => outcome === 'refused').length;
  return `<!-- Written by npm run docs from test/cases/unsafe-roles.json; don't edit. -->

# Unsafe roles

A role is unsafe if another customer of the vendor, or a stranger, can assume it. AWS asks third parties to test a role with the external ID,
without it and with a wrong one. These three probes sample the trust policy. They can't find a second external ID, or a statement for another
session name, address or time.

Rolebridge reads the trust policy with \`iam:GetRole\` and judges every statement. It calls a policy \`proven\` only if it understands all of it,
and if each statement that can trust the vendor requires the connection's external ID, and no other, with \`StringEquals\`. Where the policy can't be
read, Rolebridge makes more probes, and the assurance is \`tested\`.

This table is computed from the project's test cases: the result of a verification with three probes, and Rolebridge's result for the same role.

${table([['kind of role', 'three probes', 'Rolebridge'], ...rows])}

Every template lets the role read itself. Without that, Rolebridge's longer list of probes rejects ${refused} of these ${roles.length} roles, and connects the
others as \`tested\`. [\`ROLEBRIDGE_REQUIRE_PROOF=on\`](settings.md) refuses those too.

${table([['code', 'meaning'], ...Object.entries(said).map(([code, meaning]) => [`\`${code}\``, meaning])])}

A rejection quotes the statement and shows the trust policy to deploy. A condition beside the external ID, such as an IP range, MFA or a date, only
narrows and is accepted. A \`Deny\` never makes an open \`Allow\` safe.
`;
}

const credentials = { accessKeyId: '', secretAccessKey: '', sessionToken: '', expiresAt: '' };
const notAsked = async () => {
  throw new Error('A verification without a permission set asks no more.');
};

type Asked = Parameters<Sts['assumeRole']>[0];

const entry = (key: string, value: string): [string, string[]] => [key, [value]];

const said: Record<string, string> = {
  not_understood: 'the policy has something that IAM or Rolebridge could read in two ways',
  external_id_missing: "a statement lets the vendor in without exactly the connection's external ID",
  external_id_different: "a statement requires another external ID than the connection's",
  anyone: 'a statement trusts every AWS account; an external ID is no secret',
  open_federation:
    'a federated identity provider is trusted without an audience, or a shared one without a subject',
};

const kinds: Record<number, string> = {
  2: "two external IDs: the connection's and another organization's",
  3: "two external IDs: the connection's and one that can be guessed",
  4: "a second statement with another organization's external ID",
  5: 'a second statement with the account id as external ID',
  7: "a second statement with the organization's id as external ID",
  8: '`StringLike` with the prefix of every external ID',
  10: "`StringLike` with the connection's external ID and `*`",
  11: "`StringLike` with a list: the connection's external ID, and `acme-*`",
  14: 'a second statement for every external ID that does not look like one of the service',
  15: 'the same with `ForAnyValue:StringNotLike`',
  16: '`StringEqualsIgnoreCase`',
  18: 'a second statement without external ID, for other session names',
  19: 'a second statement without external ID, when a source identity is set',
  21: 'a second statement without external ID, from other addresses',
  22: 'a second statement without external ID, after a date',
  24: 'a second statement without external ID, for other user agents',
  25: 'a second statement without external ID, with MFA',
  26: 'a second statement without external ID, for another role of the vendor',
  27: "the vendor's whole account with the external ID (what AWS's console creates)",
  29: 'a second statement without external ID, for another account',
  31: '`*` as principal, with the external ID',
  33: 'a second statement for any identity of Amazon Cognito',
};
