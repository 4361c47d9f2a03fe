import type { StsAnswer } from './ports.js';

type Reason = Extract<StsAnswer<object>, { outcome: 'undecided' }>['reason'];

/** What each says to people, and after how many seconds another try is worth it. */
export const noVerdict: Record<Reason, readonly [string, number]> = {
  throttled: ['AWS throttles the service.', 5],
  timed_out: ['AWS did not answer in time.', 2],
  unreachable: ['AWS could not be reached.', 5],
  server_error: ['AWS answered with an error of its own.', 2],
  malformed: ['AWS answered with something that is no answer.', 2],
  clock_off: ["The service's clock is not AWS's.", 30],
  denied_on_the_way: [
    'GetCallerIdentity needs no permission, and something between the service and AWS denies it.',
    30,
  ],
  vendor_credentials_expired: ["The service's own AWS credentials have expired.", 30],
  vendor_credentials_invalid: ["The service's own AWS credentials are missing or not accepted.", 30],
};
