import { type ExternalId, newExternalId } from '../../service/domain/ids.js';
import { startAwsSandbox } from '../aws-sandbox/index.js';
import { serve } from './processes.js';

/** A role that trusts the vendor, with its external ID. */
export interface PreparedRole {
  readonly arn: string;
  readonly externalId: ExternalId;
}

const handlers = { start };
export type SandboxHandlers = typeof handlers;
serve(handlers);

async function start({ roles, delayMs }: { roles: number; delayMs: number }) {
  const sandbox = await startAwsSandbox();
  const vendor = sandbox.createAccount();
  const key = sandbox.createAccessKey(vendor.accountId, 'rolebridge');
  const principal = `arn:aws:iam::${vendor.accountId}:user/rolebridge`;
  const prepared = Array.from({ length: roles }, (_, number): PreparedRole => {
    const externalId = newExternalId();
    const { arn } = sandbox.createRole(sandbox.createAccount().accountId, {
      roleName: `rolebridge-${number}`,
      trustPolicy: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { AWS: principal },
            Action: 'sts:AssumeRole',
            Condition: { StringEquals: { 'sts:ExternalId': externalId } },
          },
        ],
      },
    });
    return { arn, externalId };
  });
  if (delayMs > 0) sandbox.faults.set({ kind: 'delay', delayMs });
  return { url: sandbox.url, key, principal, roles: prepared };
}
