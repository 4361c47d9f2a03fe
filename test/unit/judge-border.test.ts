import { compareAtTheBorder } from '../judge/border.js';

it('judges no policy safe that allows the vendor without the external ID, over 2,000 at the border', () => {
  const report = compareAtTheBorder(2_000, 20261128);
  expect(report.wrong).toEqual([]);
  expect(report.safe / report.policies).toBeGreaterThan(0.3);
  expect(report.open / report.policies).toBeGreaterThan(0.3);
});
