/** A line or two of the product that keep an attack or a loss out, and the test that notices when they are gone. */
export interface Guard {
  readonly name: string;
  readonly file: string;
  /** The guard's code as it stands in the file, exactly once. */
  readonly guard: string;
  /** What stands there without it. */
  readonly without: string;
  readonly test: string;
  /** A pattern for the test's full name. */
  readonly title: string;
}

export const guards: readonly Guard[] = [
  {
    name: 'signature of a callback',
    file: 'service/api/signature.ts',
    guard: 'timingSafeEqual(bytes, digest)',
    without: 'true',
    test: 'test/service/callback.test.ts',
    title: 'signature|secret',
  },
];
