/** `init --setup`: one code or link instead of five values. The service's answer is validated like typed input. */
import { parseCallbackUrl } from '../callback/network';
import { PATTERNS } from '../props/patterns';
import { getFrom } from './service';
import { type ConnectionValues, readValues, VALUES } from './values';

/** The values behind a set-up code. */
export interface Setup {
  /** The host that answered. */
  readonly host: string;
  /** The vendor's name on its page. */
  readonly vendorName: string;
  readonly name: string;
  readonly expiresAt: string;
  readonly values: ConnectionValues;
}

type Flags = Readonly<Record<string, string | boolean | undefined>>;

/** Values that you choose yourself, beside the code. */
const CHOICES = ['permissions', 'region', 'scope'] as const;

/** Values of the code, which no option can change. */
const FROM_CODE = ['connectionId', 'externalId', 'principal', 'expectedAccountId'] as const;

/** @throws Error when the code can't be read, or the answer is not one of this service */
export async function readSetup(
  codeOrLink: string,
  flags: Flags,
  environment: NodeJS.ProcessEnv,
): Promise<Setup> {
  const given = FROM_CODE.map((name) => VALUES[name].flag).filter((flag) => flags[flag] !== undefined);
  if (given.length > 0)
    throw new Error(
      `${given.map((flag) => `--${flag}`).join(', ')} can't be given beside --setup, which has that value. Compare it with the output of --dry-run.`,
    );
  const { base, code } = parseSetup(codeOrLink, flags, environment);
  const url = new URL(`${base.pathname.replace(/\/$/, '')}/v1/setup-code`, base);
  const { status, body = {} } = await getFrom(url, environment, { authorization: `Bearer ${code}` });
  if (status === 401)
    throw new Error(
      `${url.host} does not accept this set-up code: it is unknown, has expired or was revoked. Create a new one on the connection's page, or ask who sent it.`,
    );
  if (status !== 200)
    throw new Error(`${url.host} answered HTTP ${status} to this set-up code. Try again later.`);
  const vendorName = printable(body.vendorName);
  const vendorId = labelOf(vendorName);
  return {
    host: url.host,
    vendorName,
    name: printable(body.name),
    expiresAt: printable(body.expiresAt),
    values: { ...(await valuesIn(body, base, flags)), ...(vendorId && { vendorName: vendorId }) },
  };
}

/** A link names its service; a code alone needs the callback URL. */
function parseSetup(text: string, flags: Flags, environment: NodeJS.ProcessEnv): { base: URL; code: string } {
  const [address = '', fragment] = text.trim().split('#', 2);
  const isCode = fragment === undefined;
  const code = isCode ? address : fragment;
  if (!/^stp_[\w-]{32}$/.test(code))
    throw new Error(
      "--setup takes the set-up code or link from the connection's page: https://HOST/#stp_… or stp_… with --callback-url.",
    );
  const callbackUrl = flags[VALUES.callbackUrl.flag] ?? environment[VALUES.callbackUrl.variable];
  const given = isCode ? String(callbackUrl ?? '').replace(/\/v1\/callbacks$/, '/') : address;
  const base = PATTERNS.callbackUrl.fits.test(given) ? parseCallbackUrl(given) : undefined;
  if (base === undefined)
    throw new Error(
      isCode
        ? `A set-up code alone needs --callback-url (or ${VALUES.callbackUrl.variable}): ${PATTERNS.callbackUrl.rule}.`
        : `The link of a set-up code must be ${PATTERNS.callbackUrl.rule}.`,
    );
  return { base, code };
}

/** @throws Error that names every value that this service must not have answered */
async function valuesIn(
  body: Readonly<Record<string, unknown>>,
  base: URL,
  flags: Flags,
): Promise<ConnectionValues> {
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  const scope = body.scope === undefined ? undefined : Object.values(Object(body.scope)).join('/');
  const answered = Object.fromEntries(
    Object.entries(VALUES).map(([name, { flag }]) => [flag, name === 'scope' ? scope : text(body[name])]),
  );
  for (const name of CHOICES) {
    const { flag } = VALUES[name];
    if (typeof flags[flag] === 'string') answered[flag] = flags[flag];
  }
  const values = await readValues(answered, {}, false);
  if (new URL(values.callbackUrl).origin !== base.origin)
    throw new Error(
      `The set-up code was read at ${base.host}, but its callback URL is ${values.callbackUrl}. Nothing was written; tell the support of ${base.host}.`,
    );
  return values;
}

/** `northwind-cloud`: the value for `vendorName`; empty for a name without such letters. */
const labelOf = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 32)
    .replace(/^-|-$/g, '');

/** A name is the vendor's text: it can't draw on the terminal. */
const printable = (value: unknown): string =>
  typeof value === 'string' ? value.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ').slice(0, 200) : '';
