import { permissionSetSchema } from '../../service/domain/permission-set.js';
import {
  judgePermissions,
  type SimulatedDecision,
  type Simulation,
  simulationsFor,
} from '../../service/domain/verification/judge-permissions.js';

const statement = (sid: string, over: object = {}) => ({
  sid,
  reason: `Why ${sid}.`,
  actions: ['s3:ListBucket'],
  resources: ['*'],
  ...over,
});
const setOf = (over: object) =>
  permissionSetSchema.parse({ name: 'deploy', version: 1, title: 'T', statements: [], ...over });

const set = setOf({
  statements: [
    statement('Read', { actions: ['s3:ListBucket', 'ec2:DescribeVpcs'] }),
    statement('Write', {
      actions: ['s3:Put*'],
      check: { actions: ['s3:PutObject'], resources: ['arn:aws:s3:::a/b'] },
    }),
    statement('Cost', { optional: true, actions: ['ce:GetCostAndUsage'] }),
    statement('Wild', { optional: true, actions: ['rds:*'] }),
  ],
  denies: [statement('NoData', { actions: ['s3:GetObject'] })],
});

/** IAM's answers: every action is allowed but those that `decisions` names. */
function answer(
  decisions: Record<string, Partial<SimulatedDecision>> = {},
  simulations: readonly Simulation[] = simulationsFor(set, []),
): SimulatedDecision[] {
  return simulations.flatMap((simulation) =>
    simulation.actions.flatMap((action) =>
      simulation.resources.map((resource) => ({
        simulation,
        action,
        resource,
        decision: action === 's3:GetObject' ? 'explicitDeny' : 'allowed',
        missingContext: [],
        ...decisions[action],
      })),
    ),
  );
}

describe('questions to IAM', () => {
  it('combines statements with the same resources and context in one call', () => {
    expect(simulationsFor(set, [])).toEqual([
      {
        actions: ['s3:ListBucket', 'ec2:DescribeVpcs', 'ce:GetCostAndUsage', 's3:GetObject'],
        resources: ['*'],
        context: [],
      },
      { actions: ['s3:PutObject'], resources: ['arn:aws:s3:::a/b'], context: [] },
    ]);
  });

  it('omits excluded optional statements, but never required ones', () => {
    const actions = simulationsFor(set, ['Cost', 'Read']).flatMap((simulation) => simulation.actions);
    expect(actions).toEqual(['s3:ListBucket', 'ec2:DescribeVpcs', 's3:GetObject', 's3:PutObject']);
  });

  it('asks at most 100 decisions a call', () => {
    const many = setOf({
      statements: [
        statement('A', { actions: Array.from({ length: 210 }, (_, n) => `s3:List${n}`) }),
        statement('B', {
          actions: Array.from({ length: 30 }, (_, n) => `s3:Put${n}`),
          resources: ['arn:aws:s3:::a', 'arn:aws:s3:::b', 'arn:aws:s3:::c', 'arn:aws:s3:::d'],
        }),
      ],
    });
    expect(simulationsFor(many, []).map(({ actions }) => actions.length)).toEqual([100, 100, 10, 25, 5]);
  });

  it('supplies the context', () => {
    const check = {
      actions: ['s3:ListBucket'],
      context: {
        'aws:RequestedRegion': 'eu-central-1',
        'aws:TagKeys': ['a', 'b'],
        'aws:MultiFactorAuthAge': 5,
        'aws:SecureTransport': true,
      },
    };
    const [simulation] = simulationsFor(setOf({ statements: [statement('A', { check })] }), []);
    expect(simulation?.context).toEqual([
      { key: 'aws:RequestedRegion', type: 'string', values: ['eu-central-1'] },
      { key: 'aws:TagKeys', type: 'stringList', values: ['a', 'b'] },
      { key: 'aws:MultiFactorAuthAge', type: 'numeric', values: ['5'] },
      { key: 'aws:SecureTransport', type: 'boolean', values: ['true'] },
    ]);
  });
});

describe('the result', () => {
  const wild = { sid: 'Wild', reason: 'Why Wild.', because: 'no_check', actions: ['rds:*'] };

  it('is complete when all required actions are allowed, and lists unchecked ones', () => {
    expect(judgePermissions(set, [], answer())).toEqual({
      state: 'complete',
      missing: [],
      unavailable: [],
      notDenied: [],
      notChecked: [wild],
    });
  });

  it.each([
    ['nothing allows it', { decision: 'implicitDeny' }, 'nothing_allows'],
    ['an explicit deny', { decision: 'explicitDeny', allowedByBoundary: true }, 'explicit_deny'],
    ['the boundary', { decision: 'implicitDeny', allowedByBoundary: false }, 'permissions_boundary'],
    [
      'a service control policy',
      { decision: 'explicitDeny', allowedByOrganization: false },
      'service_control_policy',
    ],
  ])('lists missing actions with their reason and the denying policy: %s', (_, decision, deniedBy) => {
    expect(judgePermissions(set, [], answer({ 's3:PutObject': decision }))).toMatchObject({
      state: 'incomplete',
      missing: [
        {
          sid: 'Write',
          reason: 'Why Write.',
          action: 's3:PutObject',
          resource: 'arn:aws:s3:::a/b',
          deniedBy,
        },
      ],
    });
  });

  it('shows optional statements as unavailable', () => {
    const report = judgePermissions(set, [], answer({ 'ce:GetCostAndUsage': { decision: 'implicitDeny' } }));
    expect(report).toMatchObject({ state: 'complete', missing: [], unavailable: [{ sid: 'Cost' }] });
  });

  it('lists allowed actions that must be denied', () => {
    const report = judgePermissions(set, [], answer({ 's3:GetObject': { decision: 'allowed' } }));
    expect(report).toMatchObject({
      state: 'incomplete',
      notDenied: [{ sid: 'NoData', action: 's3:GetObject' }],
    });
  });

  it('never counts a denial with missing context values as missing', () => {
    const denied = { decision: 'implicitDeny', missingContext: ['aws:ResourceTag/team'] };
    expect(judgePermissions(set, [], answer({ 's3:PutObject': denied }))).toMatchObject({
      state: 'not_checked',
      missing: [],
      notChecked: [wild, { sid: 'Write', because: 'missing_context', actions: ['s3:PutObject'] }],
    });
  });

  it.each([
    ['an unknown decision', answer({ 's3:PutObject': { decision: 'maybe' } })],
    ['an answer that is missing', answer().filter(({ action }) => action !== 's3:PutObject')],
  ])('counts %s as not checked', (_, answers) => {
    expect(judgePermissions(set, [], answers)).toMatchObject({
      state: 'not_checked',
      missing: [],
      notChecked: [wild, { sid: 'Write', because: 'not_answered', actions: ['s3:PutObject'] }],
    });
  });

  it('is complete when only optional actions were not answered', () => {
    const answers = answer().filter(({ action }) => action !== 'ce:GetCostAndUsage');
    expect(judgePermissions(set, [], answers)).toMatchObject({
      state: 'complete',
      notChecked: [wild, { sid: 'Cost', because: 'not_answered' }],
    });
  });

  it.each([
    [
      'a required statement that says not what to ask',
      { statements: [statement('A'), statement('B', { actions: ['rds:*'] })] },
    ],
    [
      'a statement with conditions',
      { statements: [statement('B', { conditions: { Bool: { 'aws:SecureTransport': true } } })] },
    ],
    [
      'a denial that says not what to ask',
      { statements: [statement('A')], denies: [statement('B', { actions: ['rds:*'] })] },
    ],
  ])('is not complete with %s', (_, over) => {
    const needed = setOf(over);
    expect(judgePermissions(needed, [], answer({}, simulationsFor(needed, [])))).toMatchObject({
      state: 'not_checked',
      missing: [],
      notChecked: [{ sid: 'B' }],
    });
  });

  it('lists AWS managed policies as not checked', () => {
    const needed = setOf({ statements: [statement('A')], managedPolicies: ['ReadOnlyAccess'] });
    expect(judgePermissions(needed, [], answer({}, simulationsFor(needed, [])))).toMatchObject({
      state: 'complete',
      notChecked: [{ sid: 'ReadOnlyAccess', because: 'managed_policy' }],
    });
  });

  it('checks the concrete actions of a statement with wildcards, and lists the others', () => {
    const mixed = setOf({
      statements: [statement('A', { actions: ['ec2:Describe*', 's3:ListAllMyBuckets'] })],
    });
    expect(simulationsFor(mixed, []).flatMap(({ actions }) => actions)).toEqual(['s3:ListAllMyBuckets']);
    const decisions = answer(
      { 's3:ListAllMyBuckets': { decision: 'implicitDeny' } },
      simulationsFor(mixed, []),
    );
    expect(judgePermissions(mixed, [], decisions)).toMatchObject({
      state: 'incomplete',
      missing: [{ action: 's3:ListAllMyBuckets' }],
      notChecked: [{ sid: 'A', because: 'no_check', actions: ['ec2:Describe*'] }],
    });
  });

  it("is not checked when the role can't run the simulator", () => {
    const report = judgePermissions(set, [], undefined);
    expect(report).toMatchObject({ state: 'not_checked', missing: [], notDenied: [] });
    expect(report.notChecked.map(({ sid, because }) => `${sid} ${because}`)).toEqual([
      'Wild no_check',
      'Read not_permitted',
      'Write not_permitted',
      'Cost not_permitted',
      'NoData not_permitted',
    ]);
  });
});
