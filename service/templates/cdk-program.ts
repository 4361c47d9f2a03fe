import { setPoliciesOf } from './permission-set-policies.js';
import { jsonText } from './quoting.js';
import { type RoleDescription, regionOf, vendorId } from './role-description.js';

/** A complete `main.ts` for the customer's project, for CDK Terrain (new stacks) or CDKTF (existing ones). */
export function cdkProgram(description: RoleDescription, cdk: 'cdktf' | 'cdktn'): string {
  const { permissions } = description;
  const set = setPoliciesOf(description);
  const line = ([name, value]: [string, unknown]) =>
    value === undefined || value === false ? '' : `  ${name}: ${literal(value)},\n`;
  const { connectionId, externalId, principal, callbackUrl, expectedAccountId, scope } = description;
  const { roleName, path, maxSessionDuration, allowSessionTags, allowSourceIdentity } = description;
  const first = { connectionId, externalId, principal, callbackUrl, expectedAccountId, scope };
  const last = { roleName, path, maxSessionDuration, allowSessionTags, allowSourceIdentity };
  const props = [
    ...Object.entries(first).map(line),
    set ? setLine(set) : line(['permissions', permissions]),
    ...Object.entries(last).map(line),
  ];
  return `import { AwsProvider } from '@${cdk}/provider-aws/lib/provider';
import { AwsConnection${set ? ', PermissionSet' : ''} } from '@rolebridge/constructs${cdk === 'cdktn' ? '/cdktn' : ''}';
import { App, TerraformStack } from '${cdk}';

${
  set
    ? `// The file: npx @rolebridge/constructs pull ${set.id} --callback-url ${description.callbackUrl}
`
    : ''
}const app = new App();
const stack = new TerraformStack(app, ${literal(vendorId(description))});
new AwsProvider(stack, 'aws', { region: ${literal(regionOf(description))} });
new AwsConnection(stack, ${literal(vendorId(description))}, {
${props.join('')}});
app.synth();
`;
}

function setLine({ id, without }: NonNullable<ReturnType<typeof setPoliciesOf>>): string {
  const options = without === '' ? '' : `, ${literal({ without: without.split(',') })}`;
  return `  permissions: PermissionSet.fromFile(${literal(`permissions/${id}.json`)}${options}),\n`;
}

/** A literal of TypeScript in the usual layout. Texts are JSON strings, so that no text can end its quotes. */
function literal(value: unknown): string {
  if (typeof value === 'string') return jsonText(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, each]) => each !== undefined);
    if (members.length === 0) return '{}';
    return `{ ${members.map(([key, each]) => `${key}: ${literal(each)}`).join(', ')} }`;
  }
  return String(value);
}
