/** The vendor's permission sets: files in a folder, checked at start. Rules of a set live in `domain/permission-set.ts`. */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { ConfigurationError } from '../configuration-error.js';
import {
  type PermissionSet,
  type PermissionSets,
  parsePermissionSetId,
  permissionSetId,
  permissionSetSchema,
  permissionSetsOf,
} from '../domain/permission-set.js';
import { codeOf } from '../unknown-value.js';

/** The hash of each version that was served, by `NAME@VERSION`. */
export interface ServedVersions {
  read(): Promise<Readonly<Record<string, string>>>;
  /** Adds fingerprints of new versions. @returns the stored ones, including another process's */
  add(hashes: Readonly<Record<string, string>>): Promise<Readonly<Record<string, string>>>;
}

/** The size limit: far more than IAM's quotas allow. */
const maxBytes = 512 * 1024;

/**
 * Reads and checks every `NAME@VERSION.json` of a folder, and stores fingerprints of served versions: a version never changes.
 * @throws ConfigurationError with every problem
 */
export async function openPermissionSets(folder: string, served: ServedVersions): Promise<PermissionSets> {
  const files = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    throw new ConfigurationError(
      `ROLEBRIDGE_PERMISSION_SETS: the folder ${folder} can't be read (${error.code}).`,
    );
  });
  const problems: string[] = [];
  const sets: PermissionSet[] = [];
  for (const file of files.filter((name) => name.endsWith('.json')).sort()) {
    const set = await readSet(folder, file);
    if (Array.isArray(set)) problems.push(...set.map((problem) => `  ${file}: ${problem}`));
    else sets.push(set);
  }
  const before = await served.read();
  const hashes = Object.fromEntries(sets.map((set) => [permissionSetId(set), hashOf(set)]));
  refuse([...problems, ...changedSince(before, hashes)]);
  if (Object.keys(hashes).some((id) => before[id] === undefined))
    refuse(changedSince(await served.add(hashes), hashes));
  return permissionSetsOf(sets);
}

function refuse(problems: readonly string[]): void {
  if (problems.length > 0)
    throw new ConfigurationError(['ROLEBRIDGE_PERMISSION_SETS:', ...problems].join('\n'));
}

const changedSince = (served: Readonly<Record<string, string>>, hashes: Readonly<Record<string, string>>) =>
  Object.entries(hashes)
    .filter(([id, hash]) => served[id] !== undefined && served[id] !== hash)
    .map(
      ([id]) =>
        `  ${id}.json: was changed after it was served. Restore the file, and put the change into a file with the next version.`,
    );

async function readSet(folder: string, file: string): Promise<PermissionSet | string[]> {
  const place = path.join(folder, file);
  const id = parsePermissionSetId(file.slice(0, -'.json'.length));
  if (id === undefined) return ['is not named NAME@VERSION.json, such as deploy@3.json'];
  try {
    if ((await stat(place)).size > maxBytes) return [`is larger than ${maxBytes / 1024} KiB`];
    const result = permissionSetSchema.safeParse(JSON.parse(await readFile(place, 'utf8')));
    if (!result.success)
      return result.error.issues.map(
        ({ path: at, message }) => `${at.length > 0 ? `${at.join('.')} ` : ''}${message}`,
      );
    const { name, version } = result.data;
    return name === id.name && version === id.version
      ? result.data
      : [`is ${name}@${version} inside: name and version must be those of the file's name`];
  } catch (error) {
    if (error instanceof SyntaxError) return ['is not JSON'];
    return [`can't be read (${codeOf(error)})`];
  }
}

/** The hash of the content, independent of white space and the order of members. */
function hashOf(set: PermissionSet): string {
  const canonical = JSON.stringify(set, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
      : value,
  );
  return createHash('sha256').update(canonical).digest('hex');
}
