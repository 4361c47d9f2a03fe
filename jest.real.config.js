import { base, onCdktn } from './jest.config.js';

/** The checks that need more than npm installs: Terraform, the AWS CLI, moto, a browser. */
export default {
  projects: [
    { ...base, displayName: 'real', testMatch: ['<rootDir>/test/real/**/*.test.ts'] },
    { ...onCdktn, testMatch: ['<rootDir>/test/real/{constructs-apply,life-cycle}.test.ts'] },
  ],
  // Terraform and the browser wait more than they compute.
  maxWorkers: 2,
  testTimeout: 300_000,
};
