import { createSts } from '../../aws/sts.js';
import { inconclusiveMessages } from '../../domain/inconclusive.js';
import { parseRoleArn } from '../../domain/role-arn.js';
import { stsPartitionsOf } from '../../settings/index.js';
import { type Examination, type Finding, failed, notChecked, ok } from './finding.js';

/**
 * The canary distinguishes the vendor's faults from customers' only in another account: within one, a role's trust policy
 * alone lets the service in, whatever the service's own policies say.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export async function checkCanary({ config }: Examination): Promise<Finding> {
  if (config.canary === undefined) return ok('None is set: roles of other organizations are probed instead.');
  const { externalId } = config.canary;
  const { arn, partition, accountId } = parseRoleArn(config.canary.roleArn);
  if (config.principals.get(partition)?.split(':')[4] === accountId)
    return failed(
      `${arn} is in the service's own account: it opens even if the service can't assume customers' roles.`,
      'Set ROLEBRIDGE_CANARY_ROLE_ARN to a role in another AWS account of yours.',
    );
  const sts = createSts({ partitions: stsPartitionsOf(config), timeoutMs: config.stsTimeoutMs });
  const asked = { partition, roleArn: arn, externalId, sessionName: 'rolebridge.canary' };
  const answer = await sts.assumeRole(asked);
  if (answer.outcome === 'allowed') {
    const without = await sts.assumeRole({ ...asked, externalId: undefined });
    if (without.outcome === 'inconclusive')
      return notChecked(`${arn}, without its external ID: ${inconclusiveMessages[without.reason][0]}`);
    return without.outcome === 'denied'
      ? ok(`The service can assume ${arn}, only with its external ID.`)
      : failed(
          `AWS opens ${arn} without its external ID, unlike customers' roles.`,
          `Require "${externalId}" (ROLEBRIDGE_CANARY_EXTERNAL_ID) with StringEquals on sts:ExternalId in its trust policy.`,
        );
  }
  if (answer.outcome === 'denied')
    return failed(
      `AWS denies ${arn} to the service: ${answer.message}`,
      "Let its trust policy allow sts:AssumeRole to the service's account with the external ID of ROLEBRIDGE_CANARY_EXTERNAL_ID, and the service's own policies allow that role.",
    );
  const message = `${arn}: ${inconclusiveMessages[answer.reason][0]}`;
  return answer.reason === 'vendor_not_allowed'
    ? failed(
        message,
        "Allow the service's principal sts:AssumeRole: its identity policy, permissions boundary, service control policies, the VPC endpoint's policy.",
      )
    : notChecked(message);
}
