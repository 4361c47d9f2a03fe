import { z } from 'zod';

/** `ROLEBRIDGE_WEBHOOK_ENDPOINTS`: URLs, separated by commas. Whether http is allowed is another setting. */
export const webhookEndpoints = z
  .string()
  .transform((text) => text.split(',').map((part) => part.trim()))
  .refine(
    (urls) => urls.every(isEndpoint),
    'must be https URLs without a user name, a password and a fragment, separated by commas',
  )
  .refine((urls) => new Set(urls).size === urls.length, 'names one URL twice');

function isEndpoint(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, hash } = new URL(text);
  return /^https?:$/.test(protocol) && username === '' && password === '' && hash === '';
}

/** `ROLEBRIDGE_WEBHOOK_SECRETS`, as Standard Webhooks writes them: 24 to 64 random bytes. */
export const webhookSecrets = z
  .string()
  .transform((text) => text.split(',').map((part) => part.trim()))
  .refine(
    (secrets) => secrets.every(isSecret),
    'must be whsec_ and 24 to 64 random bytes in base64, separated by commas (echo "whsec_$(openssl rand -base64 32)")',
  );

function isSecret(text: string): boolean {
  const [, encoded] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? [];
  const { length } = Buffer.from(encoded ?? '', 'base64');
  return length >= 24 && length <= 64;
}
