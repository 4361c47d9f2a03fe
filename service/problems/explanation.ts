/** What a person reads who has met a code. Plain text; what is between backticks is shown as code. */
export interface Explanation {
  readonly means: string;
  /** How to find out whether it is so, and why. */
  readonly see: string;
  readonly fix: string;
}
