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
  {
    name: 'account binding of a callback',
    file: 'service/actions/receive-callback.ts',
    guard: '  await requireBoundAccount(deps, by, connection, reported.roleArn);',
    without: '  ',
    test: 'test/service/account-binding.test.ts',
    title: '.',
  },
  {
    name: 'a goodbye names the role',
    file: 'service/actions/receive-callback.ts',
    guard: 'connection.roleArn !== roleArn || (connection.roleId ?? roleId) !== roleId',
    without: 'false',
    test: 'test/service/account-binding.test.ts',
    title: '.',
  },
  {
    name: 'probe without the external ID',
    file: 'service/domain/verification/probes.ts',
    guard: '    if (opensWithout)\n',
    without: '    if (false)\n',
    test: 'test/unit/verify-role.test.ts',
    title: '.',
  },
  {
    name: "forms of the page's own site only",
    file: 'service/web/csrf.ts',
    guard: 'if (site === undefined && origin === undefined) return false;',
    without: 'return true;',
    test: 'test/service/web-sign-in.test.ts',
    title: '.',
  },
  {
    name: "an API key's secret",
    file: 'service/domain/api-key.ts',
    guard: 'const same = timingSafeEqual(',
    without: 'const same = true || timingSafeEqual(',
    test: 'test/service/api.test.ts',
    title: '.',
  },
  {
    name: 'no answer is cached',
    file: 'service/api/respond.ts',
    guard: "    'no-store',\n",
    without: "    'public',\n",
    test: 'test/service/credentials.test.ts',
    title: '.',
  },
];
