import { permissionSetSchema } from '../../service/domain/permission-set.js';
import { viewPermissionSet } from '../../service/domain/permission-set-view.js';

const setOf = (version: number, actions: string[]) =>
  permissionSetSchema.parse({
    name: 'deploy',
    version,
    title: 'Deploy',
    statements: [
      { sid: 'Inventory', reason: 'Draws what is there.', actions, resources: ['*'] },
      {
        sid: 'Cost',
        reason: 'Shows cost.',
        optional: true,
        actions: ['ce:GetCostAndUsage'],
        resources: ['arn:aws:ce:*:210987654321:*'],
      },
    ],
    denies: [{ sid: 'NoData', reason: 'Never reads.', actions: ['s3:GetObject'], resources: ['*'] }],
  });

test('a set in plain words, with reasons, options and changes', () => {
  const view = viewPermissionSet(
    setOf(2, ['ec2:DescribeInstances', 'ec2:Get*', 'rds:DescribeDBInstances', 'sqs:*', '*']),
    ['Cost', 'Inventory'],
    setOf(1, ['ec2:DescribeInstances', 'ec2:Get*', 'sqs:*', '*']),
  );
  expect(view.statements).toEqual([
    {
      sid: 'Inventory',
      reason: 'Draws what is there.',
      isOptional: false,
      isLeftOut: false,
      words: [
        'EC2: describe instances, get everything',
        'RDS: describe DB instances',
        'SQS: everything',
        'Every service: everything',
      ],
      actions: ['ec2:DescribeInstances', 'ec2:Get*', 'rds:DescribeDBInstances', 'sqs:*', '*'],
      resources: [],
      hasConditions: false,
    },
    expect.objectContaining({
      sid: 'Cost',
      isOptional: true,
      isLeftOut: true,
      words: ['Cost Explorer: get cost and usage'],
      resources: ['arn:aws:ce:*:210987654321:*'],
    }),
  ]);
  expect(view.denies).toEqual([expect.objectContaining({ sid: 'NoData', words: ['S3: get object'] })]);
  expect(view.changes).toEqual([
    expect.objectContaining({
      change: 'changed',
      sid: 'Inventory',
      addedActions: ['rds:DescribeDBInstances'],
      removedActions: [],
      reason: 'Draws what is there.',
    }),
  ]);
  expect(viewPermissionSet(setOf(1, ['s3:ListAllMyBuckets'])).changes).toEqual([]);
});
