import { z } from 'zod';
import { RolebridgeError } from './errors.js';
import { type AccountId, accountId, isAccountId } from './ids.js';

/** As {@link parseRoleArn} has checked it. */
export const roleArn = z
  .string()
  .regex(/^arn:[a-z-]+:iam::[0-9]{12}:role\/[\x21-\x7e]{1,575}$/)
  .brand<'RoleArn'>();
export type RoleArn = z.infer<typeof roleArn>;

export const partition = z.enum(['aws', 'aws-us-gov', 'aws-cn', 'aws-eusc']).meta({ id: 'Partition' });
export type Partition = z.infer<typeof partition>;

/** Partitions that have their own credentials, and where STS is found in each: hosts are never built from input. */
export const partitions: Readonly<
  Record<
    Partition,
    {
      stsRegion: string;
      /** Its STS is on in every account, so that a denial there is a denial. A partition may have one region only. */
      secondStsRegion?: string;
      stsHost: string;
      iamHost: string;
      consoleHost: string;
    }
  >
> = {
  aws: {
    stsRegion: 'us-east-1',
    secondStsRegion: 'us-west-2',
    stsHost: 'sts.us-east-1.amazonaws.com',
    iamHost: 'iam.amazonaws.com',
    consoleHost: 'console.aws.amazon.com',
  },
  'aws-us-gov': {
    stsRegion: 'us-gov-west-1',
    secondStsRegion: 'us-gov-east-1',
    stsHost: 'sts.us-gov-west-1.amazonaws.com',
    iamHost: 'iam.us-gov.amazonaws.com',
    consoleHost: 'console.amazonaws-us-gov.com',
  },
  'aws-cn': {
    stsRegion: 'cn-north-1',
    secondStsRegion: 'cn-northwest-1',
    stsHost: 'sts.cn-north-1.amazonaws.com.cn',
    iamHost: 'iam.cn-north-1.amazonaws.com.cn',
    consoleHost: 'console.amazonaws.cn',
  },
  'aws-eusc': {
    stsRegion: 'eusc-de-east-1',
    stsHost: 'sts.eusc-de-east-1.amazonaws.eu',
    iamHost: 'iam.eusc-de-east-1.amazonaws.eu',
    consoleHost: 'console.amazonaws-eusc.eu',
  },
};

export interface ParsedRoleArn {
  readonly arn: RoleArn;
  readonly partition: Partition;
  readonly accountId: AccountId;
  /** `/` or `/…/`. */
  readonly path: string;
  readonly name: string;
}

/**
 * Parses a role's ARN as IAM writes it; nothing is trimmed or corrected.
 * Rules: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html (RoleName, Path).
 * @throws RolebridgeError `role_arn_invalid` naming the rule, `partition_not_supported` for a partition not in the table
 */
export function parseRoleArn(text: string): ParsedRoleArn {
  const refuse = (rule: string): never => {
    throw new RolebridgeError('role_arn_invalid', `This is not the ARN of an IAM role: ${rule}`, {
      remedy:
        "Copy the ARN from the role's page in the IAM console. It looks like arn:aws:iam::123456789012:role/name.",
    });
  };
  if (text.length > 2048) return refuse('it is longer than 2048 characters.');
  // Printable ASCII only: IAM's own paths and names have nothing else.
  if (!/^[\x21-\x7e]+$/.test(text)) return refuse('it holds a space or a character outside printable ASCII.');
  const parts = text.split(':');
  const [prefix, partitionName, serviceName, region, account, resource] = parts;
  if (
    parts.length !== 6 ||
    prefix !== 'arn' ||
    resource === undefined ||
    account === undefined ||
    partitionName === undefined
  )
    return refuse('it must have six parts separated by ":", and begin with "arn".');
  if (serviceName !== 'iam')
    return refuse('its service must be "iam" (an ARN of an assumed-role session is not a role).');
  if (region !== '') return refuse('its region must be empty.');
  if (!isAccountId(account)) return refuse('its account must be 12 digits, not all zero.');
  if (!resource.startsWith('role/')) return refuse('its resource must begin with "role/".');
  const segments = resource.slice('role/'.length).split('/');
  const name = segments.pop() ?? '';
  if (!/^[A-Za-z0-9_+=,.@-]{1,64}$/.test(name))
    return refuse('the role name must be 1 to 64 letters, digits or any of _+=,.@-');
  if (
    segments.some(
      (segment) => segment === '' || segment === '.' || segment === '..' || /[*?${}<>"'\\`]/.test(segment),
    )
  )
    return refuse('the path must be names separated by single slashes, without wildcards or quotes.');
  const path = segments.length === 0 ? '/' : `/${segments.join('/')}/`;
  if (path.length > 512) return refuse('the path is longer than 512 characters.');
  const known = partition.safeParse(partitionName);
  if (!known.success)
    throw new RolebridgeError(
      'partition_not_supported',
      `The AWS partition ${JSON.stringify(partitionName)} is not supported.`,
      {
        remedy: `Use a role in one of these partitions: ${partition.options.join(', ')}.`,
      },
    );
  return {
    arn: roleArn.parse(text),
    partition: known.data,
    accountId: accountId.parse(account),
    path,
    name,
  };
}
