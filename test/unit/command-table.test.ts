/** Every operation of a vendor's engineer has a command, and every command says how it is used. */

import type { Operation } from '../../service/api/operation.js';
import { operations } from '../../service/api/operations.js';
import { attributeOf } from '../../service/cli/option-row.js';
import { descriptionOf, optionsOf, partsOf } from '../../service/cli/options-of.js';
import { commandTable, groups } from '../../service/cli/table.js';
import { coveredElsewhere } from '../docs/cli-calls.js';

test('each operation of an organization or the operator has a command', () => {
  const called = new Set(commandTable.map(({ call }) => call as string | undefined));
  const missing = Object.entries<Operation>(operations).flatMap(([id, { auth }]) =>
    ['organization', 'operator'].includes(auth) && !called.has(id) ? [id] : [],
  );
  expect(missing.sort()).toEqual(Object.keys(coveredElsewhere).sort());
});

test.each(commandTable.map((row) => [row.usage, row] as const))('%s', (_, row) => {
  const { words } = partsOf(row);
  expect(descriptionOf(row)).not.toBe('');
  expect(row.example).toContain(`rolebridge ${words.join(' ')}`);
  if (words.length > 1) expect(groups).toHaveProperty([words[0] ?? '']);
  const attributes = optionsOf(row).map(attributeOf);
  expect(attributes).toEqual([...new Set(attributes)]);
});
