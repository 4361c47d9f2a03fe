import { createApiKey } from './api-keys/create.js';
import { listApiKeys } from './api-keys/list.js';
import { revokeApiKey } from './api-keys/revoke.js';
import { listAuditRecords } from './audit/list.js';
import { receiveCallback } from './callbacks/receive.js';
import { cancelExternalIdRotation } from './connections/cancel-external-id-rotation.js';
import { createConnection } from './connections/create.js';
import { createSetupCode } from './connections/create-setup-code.js';
import { deleteConnection } from './connections/delete.js';
import { getConnection } from './connections/get.js';
import { listConnections } from './connections/list.js';
import { migrateToRole } from './connections/migrate-to-role.js';
import { readSetupCode } from './connections/read-setup-code.js';
import { releaseAccount } from './connections/release-account.js';
import { revokeSetupCode } from './connections/revoke-setup-code.js';
import { getRoleTemplates } from './connections/role-templates.js';
import { rotateAccessKey } from './connections/rotate-access-key.js';
import { rotateCallbackSecret } from './connections/rotate-callback-secret.js';
import { rotateExternalId } from './connections/rotate-external-id.js';
import { setRole } from './connections/set-role.js';
import { setScopes } from './connections/set-scopes.js';
import { getConnectionStatus } from './connections/status.js';
import { updateConnection } from './connections/update.js';
import { verifyConnection } from './connections/verify.js';
import { createEnrollment } from './enrollments/create.js';
import { endEnrollment } from './enrollments/end.js';
import { getEnrollment } from './enrollments/get.js';
import { listEnrollments } from './enrollments/list.js';
import { registerAccount } from './enrollments/register-account.js';
import { createSignInLink } from './links/create.js';
import { listSignInLinks } from './links/list.js';
import { revokeSignInLink } from './links/revoke.js';
import {
  downloadCallbackScript,
  downloadCloudFormationTemplate,
  downloadSetTemplate,
  downloadTerraformModule,
} from './operations/downloads.js';
import { explainProblem } from './operations/explain-problem.js';
import { getHealth, getReadiness } from './operations/health.js';
import { readMetrics } from './operations/metrics.js';
import { getOpenApiDocument } from './operations/openapi-document.js';
import { reencrypt } from './operations/reencrypt.js';
import { listOperatorConnections } from './organizations/connections.js';
import { createOrganization } from './organizations/create.js';
import { eraseOrganization } from './organizations/erase.js';
import { exportOrganization } from './organizations/export.js';
import { getOrganization } from './organizations/get.js';
import { listOrganizations } from './organizations/list.js';
import { resumeOrganization } from './organizations/resume.js';
import { suspendOrganization } from './organizations/suspend.js';
import { updateOrganization } from './organizations/update.js';
import { getPermissionSet } from './permission-sets/get.js';
import { listPermissionSets } from './permission-sets/list.js';
import { countPermissionSets } from './permission-sets/usage.js';
import { declareProject } from './projects/declare.js';
import { deleteProject } from './projects/delete.js';
import { listProjects } from './projects/list.js';
import { issueCredentials } from './targets/credentials.js';
import { resolve } from './targets/resolve.js';
import { resolveMany } from './targets/resolve-many.js';
import { createWebhookEndpoint } from './webhooks/create.js';
import { deleteWebhookEndpoint } from './webhooks/delete.js';
import { listWebhookDeliveries } from './webhooks/deliveries.js';
import { getWebhookEndpoint } from './webhooks/get.js';
import { listWebhookEndpoints } from './webhooks/list.js';
import { replayWebhookDeliveries, replayWebhookDelivery } from './webhooks/replay.js';
import { rotateWebhookSecret } from './webhooks/rotate-secret.js';
import { sendTestMessage } from './webhooks/test.js';
import { updateWebhookEndpoint } from './webhooks/update.js';

/**
 * Every call of the API. Routes, OpenAPI document, client, API reference and contract tests derive from this table. To add
 * a call, write its file and list it here.
 */
export const operations = {
  createConnection,
  listConnections,
  getConnection,
  updateConnection,
  releaseAccount,
  deleteConnection,
  setRole,
  verifyConnection,
  setScopes,
  getRoleTemplates,
  createSetupCode,
  revokeSetupCode,
  readSetupCode,
  rotateCallbackSecret,
  rotateExternalId,
  cancelExternalIdRotation,
  rotateAccessKey,
  migrateToRole,
  resolve,
  resolveMany,
  issueCredentials,
  listProjects,
  declareProject,
  deleteProject,
  getConnectionStatus,
  receiveCallback,
  createEnrollment,
  listEnrollments,
  getEnrollment,
  endEnrollment,
  registerAccount,
  createOrganization,
  listOperatorConnections,
  countPermissionSets,
  listOrganizations,
  getOrganization,
  updateOrganization,
  suspendOrganization,
  resumeOrganization,
  exportOrganization,
  eraseOrganization,
  createApiKey,
  listApiKeys,
  revokeApiKey,
  createSignInLink,
  listSignInLinks,
  revokeSignInLink,
  createWebhookEndpoint,
  listWebhookEndpoints,
  getWebhookEndpoint,
  updateWebhookEndpoint,
  deleteWebhookEndpoint,
  rotateWebhookSecret,
  sendTestMessage,
  listWebhookDeliveries,
  replayWebhookDelivery,
  replayWebhookDeliveries,
  listAuditRecords,
  listPermissionSets,
  getPermissionSet,
  reencrypt,
  getHealth,
  getReadiness,
  readMetrics,
  explainProblem,
  getOpenApiDocument,
  downloadTerraformModule,
  downloadCloudFormationTemplate,
  downloadSetTemplate,
  downloadCallbackScript,
} as const;
