/** The format of each value, once: the props, `init` and `check` read this. Plain data, so that it loads alone. */

import { POLICY_NAME } from '../iam/policy-name';

export interface Pattern {
  readonly fits: { test(text: string): boolean };
  /** Completes "must be …". */
  readonly rule: string;
}

const scopeName = '[A-Za-z0-9][A-Za-z0-9._-]{0,63}';
const partition = 'aws|aws-us-gov|aws-cn|aws-eusc';
const iamName = '[\\w+=,.@-]';

export const PATTERNS = {
  accountId: { fits: /^(?!0{12})[0-9]{12}$/, rule: 'an account id: 12 digits' },
  connectionId: {
    fits: /^con_[A-Za-z0-9]{1,64}$/,
    rule: "the connection's id from its set-up page: con_ and 1–64 letters or digits",
  },
  externalId: { fits: /^[\w+=,.@:/-]{2,1224}$/, rule: '2–1224 characters of [A-Za-z0-9_+=,.@:/-]' },
  // Wildcards and quotes are not in IAM's pattern for names, so an ARN that matches names exactly one principal.
  principal: {
    fits: new RegExp(
      `^(?:(?!0{12})[0-9]{12}|arn:(?:${partition}):iam::(?!0{12})[0-9]{12}:(?:root|(?:role|user)/(?:${iamName}+/)*${iamName}{1,64}))$`,
    ),
    rule: 'an account id (12 digits) or the ARN of one role, one user or an account root; never a wildcard',
  },
  policyArn: {
    fits: new RegExp(
      `^arn:(?:${partition}):iam::(?:aws|[0-9]{12}):policy/(?:${iamName}+/)*${iamName}{1,128}$`,
    ),
    rule: 'the ARN of a managed policy',
  },
  policyName: POLICY_NAME,
  scopeName: {
    fits: new RegExp(`^${scopeName}$`),
    rule: '1–64 characters of [A-Za-z0-9._-], the first a letter or digit',
  },
  scopePath: {
    fits: new RegExp(`^(${scopeName}(/${scopeName}){0,2})?$`),
    rule: 'up to three names between slashes',
  },
  // Printable ASCII, and nothing that Terraform would evaluate: a URL parser would repair values that are rejected here.
  callbackUrl: {
    fits: /^(?:https:\/\/|http:\/\/(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?=[:/?]|$))(?!.*["'<>\\^`{|}#])[\x21-\x7e]*$/,
    rule: 'an https URL without credentials, fragment or spaces (http only on loopback: localhost, 127.0.0.0/8, [::1])',
  },
} as const satisfies Record<string, Pattern>;
