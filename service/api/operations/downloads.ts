import { perService } from '../../actions/per-service.js';
import { builtCallback, terraformModuleArchive, vendorTemplate } from '../../templates/index.js';
import { type ApiDependencies, defineOperation } from '../operation.js';
import { servedSet } from '../permission-sets/get.js';

const ofDownloads = { tag: 'Downloads', auth: 'none' } as const;
const moduleOf = perService((_deps: ApiDependencies) => terraformModuleArchive());
const templateOf = perService(({ principals, publicUrl, vendor }: ApiDependencies) =>
  vendorTemplate({ principals, callbackUrl: `${publicUrl}/v1/callbacks`, vendorName: vendor.name }),
);

/** The same for every customer and without secrets, so that it needs no key. */
export const downloadTerraformModule = defineOperation({
  method: 'get',
  path: '/downloads/terraform-module.tar.gz',
  ...ofDownloads,
  summary: 'Downloads the Terraform module.',
  answer: { status: 200, description: 'The module.', file: 'application/gzip', isStatic: true },
  examples: { one: { returns: 200 } },
  handler: ({ deps }) => moduleOf(deps),
});

export const downloadCloudFormationTemplate = defineOperation({
  method: 'get',
  path: '/downloads/cloudformation.yaml',
  ...ofDownloads,
  summary: "Downloads the vendor's CloudFormation template.",
  answer: { status: 200, description: 'The template.', file: 'text/yaml; charset=utf-8', isStatic: true },
  examples: { one: { returns: 200 } },
  handler: ({ deps }) => templateOf(deps),
});

/** The vendor copies it to S3 for quick-create links. */
export const downloadSetTemplate = defineOperation({
  method: 'get',
  path: '/v1/permission-sets/{name}/{version}/cloudformation.yaml',
  ...ofDownloads,
  summary: "Downloads the vendor's CloudFormation template for one version of a permission set.",
  answer: { status: 200, description: 'The template.', file: 'text/yaml; charset=utf-8' },
  errors: ['not_found'],
  examples: {
    one: { path: { name: 'deploy', version: '1' }, returns: 200 },
    unknown: { path: { name: 'deploy', version: '999' }, returns: 'not_found' },
  },
  handler: ({ deps: { principals, publicUrl, permissionSets }, params }) =>
    vendorTemplate(
      { principals, callbackUrl: `${publicUrl}/v1/callbacks` },
      servedSet(permissionSets, `${params.name}@${params.version}`),
    ),
});

export const downloadCallbackScript = defineOperation({
  method: 'get',
  path: '/downloads/callback.cjs',
  ...ofDownloads,
  summary: 'Downloads the script that sends the callback.',
  answer: { status: 200, description: 'The script.', file: 'text/javascript; charset=utf-8', isStatic: true },
  examples: { one: { returns: 200 } },
  handler: () => builtCallback('script'),
});
