import { z } from 'zod';
import { quotaNames } from '../domain/quotas.js';
import { scope } from '../domain/scope.js';
import { permissionsReport } from '../domain/verification/permissions-report.js';
import { check, diagnosis, errorCode } from '../domain/verification.js';

const text = z.string();

/** https://www.rfc-editor.org/rfc/rfc9457 */
export const problem = z
  .object({
    type: text,
    title: text,
    status: z.number(),
    code: errorCode,
    detail: text.meta({ description: 'What happened.' }),
    remedy: text.optional().meta({ description: 'What to do next.' }),
    errors: z
      .array(z.object({ at: text, message: text }))
      .optional()
      .meta({ description: 'With `request_invalid`: each fault and its place.' }),
    checks: z.array(check).optional().meta({ description: 'With a failed verification: its checks.' }),
    missing: permissionsReport.shape.missing
      .optional()
      .meta({ description: 'With `permissions_missing`: required actions that the role denies.' }),
    notDenied: permissionsReport.shape.notDenied
      .optional()
      .meta({ description: 'With `permissions_missing`: actions that the set denies and the role allows.' }),
    diagnosis: diagnosis.pick({ causes: true }).optional(),
    trustPolicy: text.optional().meta({ description: 'The trust policy to paste.' }),
    holders: z
      .array(z.object({ connectionId: text, name: text, scope }))
      .optional()
      .meta({ description: 'With `scope_taken`: the connections that hold the scope.' }),
    path: z
      .array(scope)
      .optional()
      .meta({ description: 'With `no_connection_for_target`: the scopes that were searched.' }),
    connection: z
      .object({ id: text, name: text, status: text, code: errorCode.optional() })
      .optional()
      .meta({ description: 'With `connection_not_healthy`: the connection of the target.' }),
    nearest: scope
      .optional()
      .meta({ description: 'With `target_unknown`: the most similar declared target.' }),
    quota: z.enum(quotaNames).optional().meta({ description: 'With `quota_exceeded`: the quota.' }),
    createdId: text
      .optional()
      .meta({ description: 'With `secret_no_longer_available`: the id of the created object.' }),
    requestId: text
      .optional()
      .meta({ description: 'With `request_outcome_unknown`: the id of the first request.' }),
    allowedDurationSeconds: z.number().optional(),
    maximumDurationSeconds: z.number().optional(),
  })
  .meta({ id: 'Problem' });
