/** Exit codes, for scripts. `exec` ends as the command does that it ran. */
export const exitCodes = {
  ok: 0,
  /** The service refused, or something failed. */
  refused: 1,
  /** The command was written wrongly, or a setting is wrong. */
  usage: 2,
  /** Nothing was decided: the service can't be reached, or asks to try again later. */
  inconclusive: 3,
  /** `exec` got no credentials, so that the command did not run; 126 and 127 are as in a shell. */
  notExecuted: 125,
  notExecutable: 126,
  notFound: 127,
} as const;
