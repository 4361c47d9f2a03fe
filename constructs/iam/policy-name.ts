/** The name of a managed policy, with its path. */
export const POLICY_NAME = {
  fits: /^(?:[\w+=,.@-]+\/)*[\w+=,.@-]{1,128}$/,
  rule: 'the name of an AWS managed policy',
};
