/** Statuses that AWS answers with; any other code has 400. */
const STATUSES: Record<string, number> = {
  AccessDenied: 403,
  ExpiredToken: 403,
  IncompleteSignature: 403,
  InvalidClientTokenId: 403,
  MissingAuthenticationToken: 403,
  RegionDisabledException: 403,
  SignatureDoesNotMatch: 403,
  NoSuchEntity: 404,
  DeleteConflict: 409,
  EntityAlreadyExists: 409,
  LimitExceeded: 409,
  RequestEntityTooLarge: 413,
  InternalFailure: 500,
  SandboxCannotEvaluate: 501,
  ServiceUnavailable: 503,
};

/** An error as AWS answers it: a code, its status and AWS's own text. */
export class AwsError extends Error {
  readonly status: number;

  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.status = STATUSES[code] ?? 400;
  }
}
