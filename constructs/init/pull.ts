/** `npx @rolebridge/constructs pull deploy@3`: fetches a permission set's file, to be reviewed and committed. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { parseCallbackUrl } from '../callback/network';
import { getFrom } from './service';

/** @returns the path of the file, and whether it changed */
export async function pull(
  id: string,
  callbackUrl: string,
  folder: string,
  environment: NodeJS.ProcessEnv,
): Promise<{ file: string; isNew: boolean }> {
  const [, name, version] = /^([a-z][a-z0-9-]{0,62})@([1-9]\d{0,6})$/.exec(id) ?? [];
  if (name === undefined)
    throw new Error(`pull takes NAME@VERSION, such as deploy@3; it is ${JSON.stringify(id)}.`);
  const base = parseCallbackUrl(callbackUrl);
  if (base === undefined)
    throw new Error(`--callback-url must be an https URL; it is ${JSON.stringify(callbackUrl)}.`);
  const url = new URL(base.pathname.replace(/[^/]*$/, `permission-sets/${name}/${version}`), base);
  const { status, body } = await getFrom(url, environment);
  if (status !== 200 || body?.name !== name || body.version !== Number(version))
    throw new Error(`${url.host} has no permission set ${id} (HTTP ${status}).`);
  const file = path.join(folder, 'permissions', `${id}.json`);
  const text = `${JSON.stringify(body, null, 2)}\n`;
  if (existsSync(file)) {
    if (readFileSync(file, 'utf8') === text) return { file, isNew: false };
    throw new Error(
      `${file} exists and differs. A version never changes: compare, then delete it and pull again.`,
    );
  }
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  return { file, isNew: true };
}
