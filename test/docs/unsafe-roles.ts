import { readFileSync } from 'node:fs';
import { evaluateTrustPolicy } from '../../aws-sandbox/index.js';
import { judgeTrustPolicy } from '../../service/domain/verification/trust-policy.js';
import { table } from './table.js';

interface Cases {
  values: Record<string, string>;
  roles: { id: number; name: string; policy: object }[];
}

/** `docs/unsafe-roles.md`: each kind of unsafe role, with the answers of the probes and the judge. */
export function unsafeRolesPage(): string {
  const { values, roles } = JSON.parse(readFileSync('test/cases/unsafe-roles.json', 'utf8')) as Cases;
  const vendor = String(values.vendorPrincipal);
  const externalId = String(values.externalId);

  const probe = (policy: object, sent: string | undefined) => {
    const context = new Map<string, string[]>([
      ['sts:rolesessionname', ['rolebridge.verify']],
      ['aws:sourceip', ['198.51.100.7']],
      ['aws:useragent', ['aws-sdk-js/3']],
      ['aws:currenttime', ['2026-11-28T00:00:00Z']],
      ...(sent === undefined ? [] : [['sts:externalid', [sent]] as [string, string[]]]),
    ]);
    const caller = { partition: 'aws', accountId: String(values.vendorAccount), arns: [vendor] };
    // The cases are trust policies, which the type can't tell of JSON.
    const document = policy as Parameters<typeof evaluateTrustPolicy>[0];
    return evaluateTrustPolicy(document, { action: 'sts:AssumeRole', caller, context }) === 'allow';
  };
  const probes = (policy: object) => {
    const [right, none, wrong] = [
      externalId,
      undefined,
      'rb-zyxwvutsrqponmlkjihgfedcba765432zyxwvutsrqponmlk',
    ].map((sent) => probe(policy, sent));
    return right && !none && !wrong ? 'connected' : 'rejected';
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

${table([['code', 'meaning'], ...Object.entries(said).map(([code, meaning]) => [`\`${code}\``, meaning])])}

A rejection quotes the statement and shows the trust policy to deploy. A condition beside the external ID, such as an IP range, MFA or a date, only
narrows and is accepted. A \`Deny\` never makes an open \`Allow\` safe.
`;
}

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
  22: 'a second statement without external ID, from a date on',
  24: 'a second statement without external ID, for other user agents',
  25: 'a second statement without external ID, with MFA',
  26: 'a second statement without external ID, for another role of the vendor',
  27: "the vendor's whole account with the external ID (what AWS's console makes)",
  29: 'a second statement without external ID, for another account',
  31: '`*` as principal, with the external ID',
  33: 'a second statement for any identity of Amazon Cognito',
};
