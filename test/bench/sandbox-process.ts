import { type ExternalId, newExternalId } from '../../service/domain/ids.js';
import { type AwsSandbox, startAwsSandbox } from '../aws-sandbox/index.js';
import { serve } from './processes.js';

/** A role that trusts the vendor, with its external ID. */
export interface PreparedRole {
  readonly arn: string;
  readonly roleId: string;
  readonly externalId: ExternalId;
}

const handlers = { start, callsOf };
export type SandboxHandlers = typeof handlers;
serve(handlers);

let sandbox: AwsSandbox;

async function start({
  roles,
  delayMs,
  actions = ['sts:AssumeRole'],
}: {
  roles: number;
  delayMs: number;
  actions?: string[];
}) {
  sandbox = await startAwsSandbox();
  const vendor = sandbox.createAccount();
  const key = sandbox.createAccessKey(vendor.accountId, 'rolebridge');
  const principal = `arn:aws:iam::${vendor.accountId}:user/rolebridge`;
  const prepared = Array.from({ length: roles }, (_, number): PreparedRole => {
    const externalId = newExternalId();
    const { accountId } = sandbox.createAccount();
    const roleName = `rolebridge-${number}`;
    const { arn, roleId } = sandbox.createRole(accountId, {
      roleName,
      // As every template makes it: without it, a verification has a dozen more calls.
      inlinePolicies: { 'self-inspection': selfInspection(`arn:aws:iam::${accountId}:role/${roleName}`) },
      trustPolicy: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { AWS: principal },
            Action: actions,
            Condition: { StringEquals: { 'sts:ExternalId': externalId } },
          },
        ],
      },
    });
    return { arn, roleId, externalId };
  });
  if (delayMs > 0) sandbox.faults.set({ kind: 'delay', delayMs });
  return { url: sandbox.url, key, principal, roles: prepared };
}

const selfInspection = (arn: string) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: ['iam:GetRole', 'iam:SimulatePrincipalPolicy'], Resource: arn }],
});

async function callsOf(wanted: string): Promise<number> {
  return sandbox.requests.filter(({ action }) => action === wanted).length;
}
