import { z } from 'zod';
import { errorCodes } from '../../domain/error-catalog/index.js';
import { type StatusMessage, statusMessageTypes } from '../../domain/status-message.js';

const status = z.enum(['pending', 'connected', 'failed', 'disconnected']);

const data = z.object({
  connectionId: z.string(),
  organizationId: z.string(),
  name: z.string(),
  method: z.enum(['assume_role', 'access_key']),
  status,
  previousStatus: status.optional().meta({ description: 'Absent when the connection is new.' }),
  accountId: z.string().optional(),
  roleArn: z.string().optional(),
  code: z.enum(errorCodes).optional().meta({ description: 'Why it failed.' }),
  security: z.literal(true).optional().meta({
    description: 'A role that was safe is not any more: whoever gets the vendor to use its ARN gets in.',
  }),
  reason: z
    .enum(['deprovisioned', 'deleted', 'expired'])
    .optional()
    .meta({ description: 'Why it is disconnected.' }),
});

/** What the service sends to the vendor's endpoints; the compiler holds it to what makes the messages. */
const messageOf = <Type extends StatusMessage['type']>(type: Type) =>
  z.object({ type: z.literal(type), timestamp: z.iso.datetime(), data }) satisfies z.ZodType<
    StatusMessage & { type: Type }
  >;

const summaries: Record<StatusMessage['type'], string> = {
  'connection.connected': 'A connection works for the first time, or again after it was disconnected.',
  'connection.failed': 'A connection does not work any more, or fails for another reason than before.',
  'connection.recovered': 'A connection that had failed works again.',
  'connection.disconnected': 'A connection was deprovisioned by its customer, deleted, or expired.',
};

/** Each type of message with what it says. */
export const statusMessages = statusMessageTypes.map((type) => ({
  type,
  summary: summaries[type],
  schema: messageOf(type),
}));
