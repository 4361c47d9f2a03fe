/** The limits of AssumeRole, and of a caller's input. */
export const sessionLimits = {
  durationSeconds: { least: 900, most: 43_200, usual: 3_600 },
  /** A session that is opened by a role's session (role chaining) ends after this long, whatever the role allows. */
  chainedSeconds: 3_600,
  /** 64 is AWS's, less the organization's id and a dot before it. */
  sessionName: { least: 2, most: 35 },
  sessionPolicy: 2_048,
  tags: 50,
} as const;
