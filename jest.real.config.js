import { base } from './jest.config.js';

/** The checks that need more than npm installs: Terraform, the AWS CLI, moto, a browser. */
export default {
  ...base,
  testMatch: ['<rootDir>/test/real/**/*.test.ts'],
  testTimeout: 300_000,
};
