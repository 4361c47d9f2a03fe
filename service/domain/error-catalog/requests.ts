import type { ErrorRow } from './error-row.js';

/** Codes that any request can get, and codes about the service itself. */
export const requestErrors = {
  request_invalid: {
    status: 400,
    title: 'The request is not valid',
    meaning: 'The request does not match the description of the call. Nothing was done.',
    see: 'The `errors` in the answer name each fault and its place.',
    fix: 'Correct each named fault. Unknown members are refused, so that a misspelled one is never ignored; `/openapi.json` describes every call.',
  },
  unauthorized: {
    status: 401,
    title: 'No valid API key',
    meaning:
      "The request has no valid API key (or operator's token, where the call takes one). Unknown, expired and revoked keys get the same answer.",
    see: 'The header must be `Authorization: Bearer rbk_…`, with the whole key. `rolebridge api-keys list` shows the keys of your organization.',
    fix: "Send a valid key of your organization. A lost key can't be shown again: create a new one and revoke the lost one.",
  },
  permission_denied: {
    status: 403,
    title: 'Not permitted',
    meaning: 'The API key does not have the permission, the scope or the ceiling that the call needs.',
    see: 'The detail names the missing permission. `GET /v1/api-keys` lists the permissions of each key.',
    fix: 'Use a key with that permission, or create one.',
  },
  callback_unauthorized: {
    status: 401,
    title: "Not signed with this connection's secret, or stale",
    meaning:
      "The callback is not signed with this connection's secret, or its timestamp is more than five minutes off. An unknown connection gives the same answer.",
    see: 'Check that `CONNECT_CALLBACK_SECRET` in the shell that runs Terraform belongs to this connection id (with several connections: `CONNECT_CALLBACK_SECRET_` and the id in capitals), and compare `date -u` with the real time.',
    fix: 'Export the right secret and deploy again. If it is lost, ask the vendor to rotate it. A proxy that rewrites the JSON body breaks the signature too.',
  },
  idempotency_key_reused: {
    status: 422,
    title: 'The id was used for another request',
    meaning: 'A request with this id (`webhook-id`) and a different body was answered before.',
    see: 'Compare the body with the body of the first request.',
    fix: 'Use a new id for each event; retry with the same body.',
  },
  callback_in_progress: {
    status: 503,
    title: 'No verdict yet',
    meaning:
      'The same callback is still being handled, or the connection was changed meanwhile. There is no verdict yet.',
    see: 'The answer has `Retry-After`.',
    fix: 'Send the same callback (same `webhook-id`) again. The callback script does this automatically.',
  },
  aws_unavailable: {
    status: 503,
    title: 'AWS gave no verdict',
    meaning:
      'AWS throttled, timed out, failed or could not be reached. This is no verdict on the role: the status of the connection is unchanged.',
    see: "The detail names the reason. Vendor: look at the metric `rolebridge_sts_duration_seconds` by outcome, the log of the request id, and AWS's health page for STS in the region of `ROLEBRIDGE_STS_REGION`.",
    fix: 'Retry after `Retry-After`. If it persists, vendor: check the route to `sts.REGION.amazonaws.com` (proxy, VPC endpoint policy, DNS), and request a higher limit if AWS throttles.',
  },
  vendor_credentials_invalid: {
    status: 503,
    title: "The service's own AWS credentials do not work",
    meaning:
      "The service's own AWS credentials are missing, expired or invalid. This says nothing about any customer's role.",
    see: 'Vendor: where the service runs, `aws sts get-caller-identity` must show the principal of `ROLEBRIDGE_PRINCIPAL`.',
    fix: 'Customer: contact the vendor, and retry later. Vendor: renew the credentials (instance or task role, profile, environment) and restart if they came from the environment.',
  },
  vendor_not_allowed: {
    status: 503,
    title: 'A policy of the vendor denies the call',
    meaning:
      "AWS names a policy of the vendor's own account or network that denies `sts:AssumeRole`: an identity-based policy, a session policy, a permissions boundary, a service control policy or a VPC endpoint policy. This says nothing about any customer's role, so no connection changes. Only when other roles can be assumed meanwhile, the second such denial in a row of one connected role turns its connection `failed`, and the event `connection.vendor_denied` goes out.",
    see: 'Vendor: the policies of the principal in `ROLEBRIDGE_PRINCIPAL`, the service control policies of its account, and the policy of the STS endpoint. CloudTrail shows the denied calls.',
    fix: "Customer: nothing is wrong with your role; retry later. Vendor: allow `sts:AssumeRole` on customers' roles again. The service resumes its checks within minutes; `POST /v1/connections/{id}/verify` checks a failed connection at once.",
  },
  rate_limited: {
    status: 429,
    title: 'Too many requests',
    meaning:
      'One API key, organization, connection or address sent more requests than a minute allows, or too many calls of an organization wait for AWS. Others are not affected.',
    see: '`RateLimit-Policy` and `RateLimit` name the limit, the remaining requests and the reset time; `Retry-After` says when to retry. Vendor: see the metric `rolebridge_rate_limited_total`.',
    fix: 'Wait for `Retry-After`, and send fewer requests: cache credentials until they expire, and use webhooks instead of polling. Vendor: the limits are in `ROLEBRIDGE_RATE_LIMITS`.',
  },
  quota_exceeded: {
    status: 409,
    title: 'The quota is used up',
    meaning:
      'Your organization has as many of this kind as it may: connections, projects, API keys, links, set-up codes, web sessions, enrollments or idempotency keys. Nothing was created.',
    see: 'The detail and `quota` name the kind. Vendor: `rolebridge org show ORG` shows use and limit of each; see the metric `rolebridge_quota_exceeded_total`.',
    fix: 'Delete connections and projects, revoke keys or links, or end enrollments that you no longer need. Sign-in links that were revoked count for 12 hours, idempotency keys for 24. Vendor: the quotas are in `ROLEBRIDGE_QUOTAS`.',
  },
  store_unavailable: {
    status: 503,
    title: 'The store is not available',
    meaning:
      "The service can't read or write its store now. Every earlier successful answer is safe; this request was not done.",
    see: "Vendor: check `GET /readyz`, the log, free space (`df`) and permissions of the data directory, or the database's log.",
    fix: 'Customer: retry after `Retry-After`. Vendor: free space, fix permissions, or bring the database back; the service then continues without a restart.',
  },
  form_refused: {
    status: 403,
    title: 'The form was refused',
    meaning: 'A form of the site was sent from another site, or long after its page was opened.',
    see: "Compare the browser's `Origin` and `Sec-Fetch-Site` headers with the public URL of the service.",
    fix: 'Open the page at the public URL, allow its cookie, and send the form from there. Vendor: `ROLEBRIDGE_PUBLIC_URL` must be the address in the browser.',
  },
  session_ended: {
    status: 403,
    title: 'The session has expired',
    meaning:
      'The session expired after 30 minutes of inactivity or twelve hours, or its API key was revoked.',
    see: 'The audit log has `web_session.begin` and `web_session.end`.',
    fix: 'Sign in again and repeat the action. Nothing was changed.',
  },
  sign_in_link_invalid: {
    status: 403,
    title: 'The sign-in link is no longer valid',
    meaning: 'The one-time link was used already, has expired, or was cut off when it was copied.',
    see: 'The audit log has `sign_in_link.create` with its time.',
    fix: 'Create a new link with `POST /v1/sign-in-links` or `rolebridge sign-in-links create`.',
  },
  api_key_not_found: {
    status: 404,
    title: 'No such API key',
    meaning: 'Your organization has no API key with this id.',
    see: '`GET /v1/api-keys` lists them.',
    fix: 'Use an id from that list; the id is the part between `rbk_` and the second `_`.',
  },
  api_key_in_use: {
    status: 409,
    title: 'The API key is the one in use',
    meaning: "A key can't revoke itself, so that you can't lock your organization out.",
    see: 'The id in the path is the id of the key in the header.',
    fix: 'Revoke it with the key that created it. The first key of an organization is revoked by the vendor.',
  },
  not_found: {
    status: 404,
    title: 'Not found',
    meaning: 'No resource exists at this path.',
    see: '`/openapi.json` lists every path.',
    fix: 'Check the path (case counts, and there is no trailing slash), and that the base URL does not repeat part of it.',
  },
  method_not_allowed: {
    status: 405,
    title: 'Method not allowed',
    meaning: 'The path exists, but not with this method.',
    see: '`Allow` in the answer lists its methods.',
    fix: 'Use one of them.',
  },
  request_too_slow: {
    status: 408,
    title: 'The request took too long to arrive',
    meaning: 'The request was not complete in time: its headers within 10 seconds, all of it within 20.',
    see: 'Look for a slow network, a proxy that holds requests back, or a client that sends the body in pieces.',
    fix: 'Send the request again on a new connection. Nothing was done.',
  },
  headers_too_large: {
    status: 431,
    title: 'The headers are too large',
    meaning: 'The request line and the headers together are larger than 16 kB. No call needs that.',
    see: 'Look for large cookies, a very long query, or a proxy that adds headers.',
    fix: 'Send fewer or shorter headers.',
  },
  body_too_large: {
    status: 413,
    title: 'The body is too large',
    meaning: 'The body is larger than 64 kB. No call needs that.',
    see: 'Check the size of the request body.',
    fix: 'Send less, for instance fewer scopes in one call.',
  },
  media_type_not_supported: {
    status: 415,
    title: 'Media type not supported',
    meaning: 'The body must be JSON in UTF-8, not compressed.',
    see: 'Check `content-type` and `content-encoding` of the request.',
    fix: 'Send `content-type: application/json` and no `content-encoding`.',
  },
  internal_error: {
    status: 500,
    title: 'Internal error',
    meaning: 'The service failed unexpectedly. This is a bug; the answer says no more on purpose.',
    see: 'Vendor: the log line with the request id of the answer (`x-request-id`) has the cause.',
    fix: 'Retry. If it persists, report it with that log line.',
  },
} as const satisfies Record<string, ErrorRow>;
