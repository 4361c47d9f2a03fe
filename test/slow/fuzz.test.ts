import { fuzz } from '../fuzz/run.js';

it('arbitrary calls from the OpenAPI document cause no 5xx, no hang and no unrequested change', async () => {
  const seed = Date.now() % 2 ** 31;
  const { statuses, operations } = await fuzz({ calls: 400, seed });
  // They get past the front door, and are refused for all sorts of reasons.
  expect(operations).toBeGreaterThan(15);
  for (const status of ['200', '201', '400', '401', '404', '422'])
    expect(statuses[status] ?? 0).toBeGreaterThan(0);
}, 120_000);
