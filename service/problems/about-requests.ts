import type { Explanation } from './explanation.js';

/** Of any request, and of the service itself. */
export const aboutRequests = {
  request_invalid: {
    means: 'The request is not what the call takes. Nothing was done.',
    see: 'The `errors` in the answer name each fault and where it is.',
    fix: 'Correct what is named. Unknown members are refused, so that a misspelt one is not ignored in silence; `/openapi.json` describes every call.',
  },
  unauthorized: {
    means:
      'The request has no valid API key (or, where that is asked for, operator’s token). Unknown and revoked keys are answered alike.',
    see: 'The header must be `Authorization: Bearer rbk_…`, with nothing cut off. `rolebridge keys list` shows which keys there are.',
    fix: 'Send a key of your organization. A lost key can’t be shown again: make a new one and revoke the old.',
  },
  callback_unauthorized: {
    means:
      'The callback was not signed with this connection’s secret, or its time is more than five minutes off. An unknown connection is answered in the same way.',
    see: 'Check that `ROLEBRIDGE_CALLBACK_SECRET` in the shell that runs Terraform is the one of this connection id (with several connections: `ROLEBRIDGE_CALLBACK_SECRET_` and the id in capitals), and compare `date -u` with the real time.',
    fix: 'Export the right secret and deploy again. If it is lost, have the vendor rotate it. Something in between that changes the body (a proxy that rewrites JSON) breaks the signature too.',
  },
  callback_in_progress: {
    means:
      'The same callback is still being handled, or the connection was changed meanwhile: nothing is decided yet.',
    see: 'The answer has `Retry-After`.',
    fix: 'Send the same callback (same `webhook-id`) again; the callback script does so by itself.',
  },
  aws_unavailable: {
    means:
      'AWS throttled, timed out, failed or could not be reached. That is no verdict on the role: its status stays what it was.',
    see: 'The detail says which. Vendor: the metric `rolebridge_sts_duration_seconds` by outcome, the log of the request id, and AWS’s health page for STS in the region of `ROLEBRIDGE_STS_REGION`.',
    fix: 'Try again after `Retry-After`. When it goes on, vendor: check the way out to `sts.REGION.amazonaws.com` (proxy, VPC endpoint policy, DNS), and ask AWS for a higher limit when it throttles.',
  },
  vendor_credentials_invalid: {
    means:
      'The service’s own AWS credentials are missing, expired or not accepted. It says nothing about any customer’s role.',
    see: 'Vendor: where the service runs, `aws sts get-caller-identity` must show the principal of `ROLEBRIDGE_PRINCIPAL`.',
    fix: 'Customer: tell the vendor, and try again later. Vendor: renew the credentials (instance or task role, profile, environment) and restart if they came from the environment.',
  },
  vendor_not_allowed: {
    means:
      'AWS names a policy of the vendor’s own account or network that denies `sts:AssumeRole`: an identity-based policy, a session policy, a permissions boundary, a service control policy or a VPC endpoint policy. It says nothing about any customer’s role, so no connection changes.',
    see: 'Vendor: the policies of the principal in `ROLEBRIDGE_PRINCIPAL`, the service control policies of its account, and the policy of the STS endpoint. CloudTrail shows the denied calls.',
    fix: 'Customer: nothing is wrong with your role; try again later. Vendor: allow `sts:AssumeRole` on customers’ roles again. Checks resume on their own.',
  },
  rate_limited: {
    means:
      'More requests came than one API key, organization, connection or address may send in a minute, or too many of an organization’s calls wait for AWS. Others are not affected.',
    see: '`RateLimit-Policy` and `RateLimit` say which limit it is, what is left of it and when it begins anew; `Retry-After` says when to try again. Vendor: the metric `rolebridge_rate_limited_total`.',
    fix: 'Wait for `Retry-After`, and ask less often: `POST /v1/credentials` hands out what is held, and a webhook says when a status changes. Vendor: the limits are a setting, `ROLEBRIDGE_RATE_LIMITS`.',
  },
  store_unavailable: {
    means:
      'The service can’t write or read its store now. What was answered with success is safe; this request was not done.',
    see: 'Vendor: `GET /readyz`, the log, free space (`df`) and permissions of the data directory, or the database’s own log.',
    fix: 'Customer: try again after `Retry-After`. Vendor: make room, mend permissions, or bring the database back; the service goes on by itself.',
  },
  form_refused: {
    means: 'A form of the site was sent from somewhere else, or long after its page was opened.',
    see: 'The browser’s `Origin` and `Sec-Fetch-Site` headers, and the public URL that the service is configured with.',
    fix: 'Open the page at the public URL, allow its cookie, and send the form from there. Vendor: `ROLEBRIDGE_PUBLIC_URL` must be what people type.',
  },
  session_ended: {
    means: 'Nobody used the site for half an hour, twelve hours have passed, or the API key was revoked.',
    see: 'The audit log has `web_session.begin` and `web_session.end`.',
    fix: 'Sign in again, and repeat what you did: nothing was changed.',
  },
  sign_in_link_invalid: {
    means: 'A one-time link was used already, has expired, or was cut off when it was copied.',
    see: 'The audit log has `sign_in_link.create` with its time.',
    fix: 'Make another one with `POST /v1/sign-in-links` or `rolebridge sign-in-link`.',
  },
  api_key_not_found: {
    means: 'Your organization has no API key with this id.',
    see: '`GET /v1/api-keys` lists them.',
    fix: 'Use an id from that list; the id is the part between `rbk_` and the second `_`.',
  },
  api_key_in_use: {
    means: 'The key that asks can’t revoke itself, so that nobody locks the organization out.',
    see: 'The id in the path is that of the key in the header.',
    fix: 'Make another key, and revoke this one with it.',
  },
  not_found: {
    means: 'There is nothing at this path.',
    see: '`/openapi.json` lists every path.',
    fix: 'Check the path, and that the base URL has no path of its own twice.',
  },
  method_not_allowed: {
    means: 'The path is right, the method is not.',
    see: '`Allow` in the answer lists those that it takes.',
    fix: 'Use one of them.',
  },
  request_too_slow: {
    means: 'The request was not whole in time: its headers within 10 seconds, all of it within 20.',
    see: 'Look for a slow network, a proxy that holds requests back, or a client that sends a body piece by piece.',
    fix: 'Send the request again on a new connection, at once. Nothing of it was done.',
  },
  headers_too_large: {
    means: 'The request line and the headers together are larger than 16 kB. No call needs as much.',
    see: 'Look for large cookies, a very long query, or a proxy that adds headers.',
    fix: 'Send fewer or shorter ones.',
  },
  body_too_large: {
    means: 'The body is larger than 64 kB. No call needs as much.',
    see: 'Compare the size of what you send.',
    fix: 'Send less, for instance fewer scopes at once.',
  },
  media_type_not_supported: {
    means: 'The body must be JSON in UTF-8, not compressed.',
    see: 'Look at `content-type` and `content-encoding` of the request.',
    fix: 'Send `content-type: application/json` and no `content-encoding`.',
  },
  internal_error: {
    means:
      'The service failed in a way that nobody foresaw. It is a bug; the answer says nothing about it on purpose.',
    see: 'Vendor: the log line with the request id of the answer (`x-request-id`) has the cause.',
    fix: 'Try again. When it goes on, report it with that log line.',
  },
} as const satisfies Record<string, Explanation>;
