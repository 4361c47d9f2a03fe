/** One error code. Plain text; text between backticks is shown as code. */
export interface ErrorRow {
  /** The HTTP status of the problem details (RFC 9457). */
  readonly status: number;
  readonly title: string;
  readonly meaning: string;
  /** How to confirm that this is the cause. */
  readonly see: string;
  readonly fix: string;
}
