/** `npm run judge -- 100000 [seed]`: the judge of trust policies against the sandbox's evaluator. */
import { wholeNumbers } from '../run/whole-numbers.js';
import { compareAtTheBorder, printReport } from './border.js';

const [policies = 2000, seed = Date.now() % 2 ** 31] = wholeNumbers(process.argv.slice(2));
console.log(`Seed ${seed}`);
const report = compareAtTheBorder(policies, seed);
console.log(printReport(report));
if (report.wrong.length > 0) process.exitCode = 1;
