/** @type {import('jest').Config} */
export const base = {
  testEnvironment: 'node',
  transform: {
    '^.+\\.(ts|m?js|cjs)$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
    ],
  },
  transformIgnorePatterns: ['/node_modules/(?!(lowdb|steno)/)'],
  extensionsToTreatAsEsm: [],
  moduleNameMapper: {
    '^@rolebridge/constructs$': '<rootDir>/constructs/index.ts',
    '^@rolebridge/service$': '<rootDir>/service/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  modulePathIgnorePatterns: ['<rootDir>/constructs/dist', '<rootDir>/service/dist'],
  testTimeout: 30_000,
};

/** @type {import('jest').Config} */
export default {
  ...base,
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/real/'],
};
