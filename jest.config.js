import { availableParallelism } from 'node:os';

/** @type {import('jest').Config} */
export const base = {
  testEnvironment: 'node',
  transform: {
    '^.+\\.(ts|m?js|cjs)$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
    ],
    '^.+\\.tsx$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', tsx: true },
          transform: { react: { runtime: 'automatic', importSource: 'hono/jsx' } },
          target: 'es2022',
        },
        module: { type: 'commonjs' },
      },
    ],
  },
  transformIgnorePatterns: ['/node_modules/(?!(lowdb|steno)/)'],
  extensionsToTreatAsEsm: [],
  moduleNameMapper: {
    '^@rolebridge/constructs$': '<rootDir>/constructs/index.ts',
    '^@rolebridge/service$': '<rootDir>/service/index.ts',
    '^@rolebridge/client$': '<rootDir>/client/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  globalSetup: '<rootDir>/test/run/global-setup.mjs',
  globalTeardown: '<rootDir>/test/run/global-teardown.mjs',
  modulePathIgnorePatterns: [
    '<rootDir>/.built',
    '<rootDir>/aws-sandbox/dist',
    '<rootDir>/client/dist',
    '<rootDir>/constructs/dist',
    '<rootDir>/service/dist',
  ],
};

/**
 * The tests of the constructs again, on cdktn: where the source and the tests say cdktf, they get cdktn. What is
 * published for cdktn is compiled from the same source (`constructs/build.mjs`).
 */
export const onCdktn = {
  ...base,
  displayName: 'cdktn',
  moduleNameMapper: {
    ...base.moduleNameMapper,
    '^cdktf$': 'cdktn',
    '^@cdktf/provider-aws/(.*)$': '@cdktn/provider-aws/$1',
  },
  testMatch: ['<rootDir>/test/unit/constructs-{callback,health,props,trust-policy}.test.ts'],
};

/**
 * unit: nothing listens but the AWS sandbox. service: the service in this process, over HTTP. slow: other processes,
 * PostgreSQL, packed packages, input for every form of the pages. `test/real/` needs more than npm installs: `jest.real.config.js`.
 */
export default {
  projects: [
    ...['unit', 'service', 'slow'].map((kind) => ({
      ...base,
      displayName: kind,
      testMatch: [`<rootDir>/test/${kind}/**/*.test.ts`],
    })),
    onCdktn,
  ],
  // Half of a test's time is waiting, for AWS's propagation or the disk: more workers than cores use it.
  maxWorkers: Math.ceil(availableParallelism() * 1.5),
  testTimeout: 90_000,
};
