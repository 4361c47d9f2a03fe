import { permissionSetSchema } from '../../service/domain/permission-set.js';
import { changeSentence, comparePermissionSets } from '../../service/domain/permission-set-diff.js';

const read = { sid: 'Read', reason: 'Reads.', actions: ['s3:ListBucket', 's3:GetObject'], resources: ['*'] };
const cost = { sid: 'Cost', reason: 'Shows cost.', actions: ['ce:GetCostAndUsage'], resources: ['*'] };
const setOf = (over: object) =>
  permissionSetSchema.parse({ name: 'a', version: 1, title: 'T', statements: [read], ...over });
const changes = (from: object, to: object) =>
  comparePermissionSets(setOf(from), setOf(to)).map(changeSentence);

test.each([
  ['nothing', {}, { version: 2 }, []],
  [
    'a reason, a title and a check',
    {},
    { title: 'U', statements: [{ ...read, reason: 'Other.', check: { actions: ['s3:GetObject'] } }] },
    [],
  ],
  ['the order', {}, { statements: [{ ...read, actions: ['s3:GetObject', 's3:ListBucket'] }] }, []],
  ['a statement more', {}, { statements: [read, cost] }, ['adds Cost (+ce:GetCostAndUsage): Shows cost.']],
  [
    'an optional statement more',
    {},
    { statements: [read, { ...cost, optional: true }] },
    ['adds the optional Cost (+ce:GetCostAndUsage): Shows cost.'],
  ],
  ['a statement less', { statements: [read, cost] }, {}, ['removes Cost (-ce:GetCostAndUsage): Shows cost.']],
  [
    'other actions and resources',
    {},
    { statements: [{ ...read, actions: ['s3:ListBucket', 's3:PutObject'], resources: ['arn:aws:s3:::a'] }] },
    ['changes Read (+s3:PutObject, -s3:GetObject, +arn:aws:s3:::a, -*): Reads.'],
  ],
  [
    'a condition',
    {},
    { statements: [{ ...read, conditions: { Bool: { 'aws:SecureTransport': true } } }] },
    ['changes Read (other conditions): Reads.'],
  ],
  ['an optional statement', { statements: [{ ...read, optional: true }] }, {}, ['changes Read: Reads.']],
  ['a denial', {}, { denies: [cost] }, ['adds the denial Cost (+ce:GetCostAndUsage): Shows cost.']],
  [
    'a managed policy',
    { managedPolicies: ['A'] },
    { managedPolicies: ['B'] },
    ["adds AWS's policy B: AWS's own managed policy.", "removes AWS's policy A: AWS's own managed policy."],
  ],
])('shows the changes of %s', (_, from, to, expected) => {
  expect(changes(from, to)).toEqual(expected);
});
