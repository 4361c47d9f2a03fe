import { z } from 'zod';
import { permissionSetSchema } from '../../domain/permission-set.js';
import { defineOperation } from '../operation.js';

const { name, version, title } = permissionSetSchema.shape;
const permissionSets = z.object({
  permissionSets: z.array(z.object({ name, version, title, url: z.url() })),
});

/** Public, so that customers and their security teams can read the vendor's permissions before they sign up. */
export const listPermissionSets = defineOperation({
  method: 'get',
  path: '/v1/permission-sets',
  tag: 'Permission sets',
  summary: 'Lists every version of every permission set, the newest first.',
  auth: 'none',
  answer: { status: 200, description: 'The permission sets.', schema: permissionSets },
  examples: { all: { returns: 200 } },
  handler: ({ deps }) => ({
    permissionSets: deps.permissionSets.list().map(({ name, version, title }) => ({
      name,
      version,
      title,
      url: urlOf(deps.publicUrl, name, version),
    })),
  }),
});

const urlOf = (publicUrl: string, name: string, version: number) =>
  `${publicUrl}/v1/permission-sets/${name}/${version}`;
