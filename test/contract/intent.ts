import type { AuditIntent } from '../../service/domain/audit.js';

/** For tests and benchmarks that work on a store itself, past the actions that record intents. */
export const intent = 'aud_of_a_test' as AuditIntent;
