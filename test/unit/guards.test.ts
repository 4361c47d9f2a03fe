/** `npm run guards` finds the code that it removes, after each change of that code. */
import { existsSync, readFileSync } from 'node:fs';
import { guards } from '../guards/guards.js';

test.each(guards.map((guard) => [guard.name, guard] as const))('%s', (_, { file, guard, test }) => {
  expect(readFileSync(file, 'utf8').split(guard)).toHaveLength(2);
  expect(existsSync(test)).toBe(true);
});
