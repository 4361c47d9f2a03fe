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
      .meta({ description: 'Of request_invalid: every fault and where it is.' }),
    checks: z.array(check).optional().meta({ description: 'Of a refused verification.' }),
    missing: permissionsReport.shape.missing.optional().meta({ description: 'Of permissions_missing.' }),
    notDenied: permissionsReport.shape.notDenied.optional().meta({ description: 'Of permissions_missing.' }),
    diagnosis: diagnosis.pick({ causes: true }).optional(),
    trustPolicy: text.optional().meta({ description: 'The trust policy to paste.' }),
    holders: z
      .array(z.object({ connectionId: text, name: text, scope }))
      .optional()
      .meta({ description: 'Of scope_taken.' }),
    path: z
      .array(scope)
      .optional()
      .meta({ description: 'Of no_connection_for_target: the scopes looked at.' }),
    connection: z
      .object({ id: text, name: text, status: text, code: errorCode.optional() })
      .optional()
      .meta({ description: 'Of connection_not_healthy.' }),
    nearest: scope.optional().meta({ description: 'Of target_unknown: the most similar declared target.' }),
    quota: z.enum(quotaNames).optional().meta({ description: 'Of quota_exceeded.' }),
    createdId: text.optional().meta({ description: 'Of secret_no_longer_available.' }),
    requestId: text.optional().meta({ description: 'Of request_outcome_unknown.' }),
    allowedDurationSeconds: z.number().optional(),
    maximumDurationSeconds: z.number().optional(),
  })
  .meta({ id: 'Problem' });
