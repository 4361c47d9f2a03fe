import { GetRoleCommand, IAMClient, type IAMClientConfig } from '@aws-sdk/client-iam';
import { z } from 'zod';
import type { Sts } from '../domain/ports.js';
import type { Partition } from '../domain/role-arn.js';
import { answered } from './answers.js';

const roleAnswer = z.object({
  Role: z.object({ RoleId: z.string().min(1), AssumeRolePolicyDocument: z.string().min(1).max(65_536) }),
});

interface IamSettings {
  readonly region: string;
  readonly endpoint?: string;
  readonly maxAttempts: number;
  readonly requestHandler: NonNullable<IAMClientConfig['requestHandler']>;
}

/** IAM as the session of a customer's role asks it about itself: one attempt a call. */
export function createIam(
  settingsOf: (partition: Partition) => IamSettings,
  timeoutMs: number,
): Pick<Sts, 'readRole'> {
  /** One client's sockets for all sessions of a partition. */
  const handlers = new Map<Partition, IamSettings['requestHandler']>();
  return {
    async readRole(partition, { accessKeyId, secretAccessKey, sessionToken }, roleName) {
      const settings = settingsOf(partition);
      const client = new IAMClient({
        ...settings,
        requestHandler: handlers.get(partition) ?? settings.requestHandler,
        credentials: { accessKeyId, secretAccessKey, sessionToken },
      });
      handlers.set(partition, client.config.requestHandler);
      const answer = await answered(roleAnswer, () =>
        client.send(new GetRoleCommand({ RoleName: roleName }), {
          abortSignal: AbortSignal.timeout(timeoutMs),
        }),
      );
      if (answer.outcome !== 'allowed') return answer;
      const { RoleId, AssumeRolePolicyDocument } = answer.output.Role;
      return {
        outcome: 'allowed',
        requestId: answer.requestId,
        roleId: RoleId,
        trustPolicy: AssumeRolePolicyDocument,
      };
    },
  };
}
