/** The headers that operations read, and bad values of each. */

import type { Operation } from '../../service/api/operation.js';
import { createsSomething } from '../../service/api/operation.js';

export function headersOf(operation: Operation): string[] {
  const { auth } = operation;
  const isBearer = !['none', 'signature'].includes(auth);
  return [
    ...(isBearer ? ['authorization'] : []),
    ...(auth === 'organization' ? ['rolebridge-organization'] : []),
    ...(auth === 'signature' ? ['webhook-id', 'webhook-timestamp', 'webhook-signature'] : []),
    ...(createsSomething(operation) ? ['idempotency-key'] : []),
    ...(operation.method === 'get' ? [] : ['content-encoding']),
    ...(operation.body && auth !== 'signature' ? ['content-type'] : []),
  ];
}

const long = 'x'.repeat(5_000);
const badTexts: readonly [string, string | undefined][] = [
  ['empty', ''],
  ['spaces', 'a b'],
  ['too long', long],
  ['bad Unicode', 'caf\u00e9'],
];
export const badHeaders: Readonly<Record<string, readonly [string, string | undefined][]>> = {
  authorization: [
    ...badTexts,
    ['missing', undefined],
    ['wrong type', 'Basic YTpi'],
    ['too long', `Bearer ${long}`],
    ['a name of the prototype', 'Bearer __proto__'],
    ['wrong type', `Bearer rbk_${'a'.repeat(16)}_${'0'.repeat(64)}`],
  ],
  // An API key is of one organization, whatever the header says.
  'rolebridge-organization': [
    ...badTexts,
    ['a name of the prototype', '__proto__'],
    ['wrong type', 'tenant-4711'],
  ],
  'webhook-id': [...badTexts, ['missing', undefined], ['a name of the prototype', '__proto__']],
  'webhook-timestamp': [
    ...badTexts,
    ['missing', undefined],
    ['wrong type', '2026-11-24T00:00:00Z'],
    ['a huge number', '99999999999'],
    ['a huge number', '9'.repeat(400)],
    ['wrong type', '-1'],
  ],
  'webhook-signature': [...badTexts, ['missing', undefined], ['wrong type', `v1,${'A'.repeat(43)}=`]],
  'idempotency-key': [...badTexts, ['wrong type', 'a"b']],
  'content-encoding': [['wrong type', 'gzip']],
  'content-type': [
    ['missing', undefined],
    ['wrong type', 'text/plain'],
    ['wrong type', 'application/x-www-form-urlencoded'],
    ['wrong type', 'application/jsonx'],
    ['bad Unicode', 'application/json; charset=utf-16'],
  ],
};
