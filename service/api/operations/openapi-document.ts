import { perService } from '../../actions/per-service.js';
import { type ApiDependencies, defineOperation } from '../operation.js';

/** Created at the first request, because the schemas of all answers slow down the start. */
const documentOf = perService(async ({ operations, publicUrl }: ApiDependencies) => {
  const { createOpenApiDocument } = await import('../openapi.js');
  return JSON.stringify(createOpenApiDocument(operations, publicUrl));
});

export const getOpenApiDocument = defineOperation({
  method: 'get',
  path: '/openapi.json',
  tag: 'Operations',
  summary: 'Returns this document.',
  auth: 'none',
  answer: { status: 200, description: 'OpenAPI 3.1.', file: 'application/json', isStatic: true },
  examples: { one: { returns: 200 } },
  handler: ({ deps }) => documentOf(deps),
});
