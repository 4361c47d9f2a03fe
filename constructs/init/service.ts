/** Requests of `init`, `check` and `pull` to the service, with the proxy, the waits and the reasons of a deploy. */
import { untilDecided, waitText } from '../callback/attempts';
import { type Answer, exchange } from '../callback/network';
import { shell } from '../callback/place';

const TIMEOUT_MS = 30_000;

/** @throws Error that says why there is no answer, and what to do */
export async function getFrom(
  url: URL,
  environment: NodeJS.ProcessEnv,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const place = shell(environment);
  const attempted = await untilDecided(
    TIMEOUT_MS,
    (timeoutMs) => exchange(url, { headers, timeoutMs, place }),
    (reason, waitMs) => process.stderr.write(`${waitText(`${url.host}: ${reason}`, waitMs)}\n`),
  );
  if ('answer' in attempted) return attempted.answer;
  throw new Error(
    'failure' in attempted
      ? `${attempted.failure.detail} ${attempted.failure.remedy}`
      : `The service at ${url.host} gave no answer within ${TIMEOUT_MS / 1000} s: ${attempted.inconclusive}. Check the URL and this machine's network path to it (firewall, HTTPS_PROXY), then run it again.`,
  );
}
