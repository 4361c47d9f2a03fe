/** `npm run fuzz`: 10,000 arbitrary calls. `npm run fuzz -- CALLS SEED` repeats a run. */
import { wholeNumbers } from '../run/whole-numbers.js';
import { fuzz } from './run.js';

const [calls = 10_000, seed = Date.now() % 2 ** 31] = wholeNumbers(process.argv.slice(2));
console.log(`${calls} calls, seed ${seed}`);
fuzz({ calls, seed }).then(
  ({ statuses, operations, slowestMs }) => {
    console.log(`answers by status: ${JSON.stringify(statuses)}`);
    console.log(
      `${operations} operations, the slowest answer after ${Math.round(slowestMs)} ms; no 5xx, no hang, no change that was not asked for`,
    );
    process.exit(0);
  },
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
