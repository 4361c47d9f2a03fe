/** The plan of init: files to write, computed before anything is written. */
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import {
  type Cdk,
  CONNECTION_FILE,
  cdkSettings,
  connectionFile,
  IGNORED,
  mainFile,
  type Style,
  typescriptSettings,
  withPackages,
} from './templates';
import type { ConnectionValues } from './values';

/** A file before and after; `before` is undefined for a new one. */
export interface FileChange {
  readonly path: string;
  readonly before: string | undefined;
  readonly after: string;
}

export interface Plan {
  readonly cdk: Cdk;
  readonly isNew: boolean;
  readonly changes: readonly FileChange[];
  /** Steps for the customer where the code is ambiguous. */
  readonly byHand: readonly string[];
}

/** Existing files of the folder. */
export interface Project {
  readonly folder: string;
  readonly packages: Record<string, unknown>;
  readonly settings: Record<string, unknown> | undefined;
}

/** @throws Error when a file can't be read as JSON, or is of a project in another language */
export function readProject(folder: string): Project {
  const settings = readJson(path.join(folder, 'cdktf.json'));
  if (settings !== undefined && settings.language !== 'typescript')
    throw new Error(
      `${path.join(folder, 'cdktf.json')} belongs to a project in ${JSON.stringify(settings.language)}; the constructs are for TypeScript and JavaScript. Use the Terraform module on the connection's set-up page instead.`,
    );
  return { folder, settings, packages: readJson(path.join(folder, 'package.json')) ?? {} };
}

/** The one that the project has, if it has one. */
export function cdkOf({ packages }: Project): Cdk | undefined {
  const present = { ...(packages.dependencies as object), ...(packages.devDependencies as object) };
  return (['cdktn', 'cdktf'] as const).find((cdk) => cdk in present);
}

/** @throws Error when a file that init would write is there already */
export function planFiles(
  project: Project,
  { cdk, version, supportsCli }: { cdk: Cdk; version: string; supportsCli: boolean },
  values: ConnectionValues,
): Plan {
  const { folder, packages, settings } = project;
  const isNew = settings === undefined;
  const style: Style = { cdk, isEsm: packages.type === 'module' };
  const named = isNew && packages.name === undefined ? { name: nameOf(folder), private: true } : {};
  const createsProvider = isNew || !sources(folder).some((text) => /\bnew (\w+\.)*AwsProvider\(/.test(text));
  const changes: FileChange[] = [
    changeOf(
      folder,
      'package.json',
      json(folder, withPackages({ ...named, ...packages }, cdk, version, { isNew, supportsCli })),
    ),
    newFile(folder, CONNECTION_FILE, connectionFile(values, { ...style, createsProvider })),
  ];
  const byHand: string[] = [];
  if (isNew) {
    changes.push(
      newFile(folder, 'main.ts', mainFile(style)),
      newFile(folder, 'cdktf.json', json(folder, cdkSettings(randomUUID()))),
    );
    // These two can exist for other reasons; their content stays.
    if (!existsSync(path.join(folder, 'tsconfig.json')))
      changes.push(newFile(folder, 'tsconfig.json', json(folder, typescriptSettings)));
    if (!existsSync(path.join(folder, '.gitignore'))) changes.push(newFile(folder, '.gitignore', IGNORED));
  } else {
    const main = path.join(folder, 'main.ts');
    const text = existsSync(main) ? readFileSync(main, 'utf8') : '';
    // A stack that calls it already needs no other call.
    const edited = /\bconnectVendor\(/.test(text) ? text : callInStack(text, style);
    if (edited !== undefined) changes.push({ path: main, before: text, after: edited });
    else
      byHand.push(
        `In your stack's constructor, after super(…): connectVendor(this); and at the top of the file: import { connectVendor } from './vendor-connection${style.isEsm ? '.js' : ''}';`,
      );
  }
  return { cdk, isNew, byHand, changes: changes.filter(({ before, after }) => before !== after) };
}

/** Calls the connection in the one stack of a `main.ts`; undefined when it is not clear which that is. */
function callInStack(text: string, { isEsm }: Style): string | undefined {
  const stacks = text.match(/class \w+ extends (\w+\.)*TerraformStack\b/g) ?? [];
  const supers = [...text.matchAll(/^([ \t]*)super\([^()]*\);?[ \t]*\r?\n/gm)];
  const [constructorStart] = supers;
  if (stacks.length !== 1 || supers.length !== 1 || constructorStart === undefined) return undefined;
  const end = constructorStart.index + constructorStart[0].length;
  const newline = constructorStart[0].endsWith('\r\n') ? '\r\n' : '\n';
  const called = `${text.slice(0, end)}${constructorStart[1]}connectVendor(this);${newline}${text.slice(end)}`;
  const imports = [...called.matchAll(/^import [^;]*?from ['"][^'"]+['"];?[ \t]*\r?\n/gm)];
  const last = imports.at(-1);
  if (last === undefined) return undefined;
  const afterImports = last.index + last[0].length;
  const own = `import { connectVendor } from './vendor-connection${isEsm ? '.js' : ''}';${newline}`;
  return called.slice(0, afterImports) + own + called.slice(afterImports);
}

function newFile(folder: string, name: string, after: string): FileChange {
  const file = path.join(folder, name);
  if (existsSync(file) && readFileSync(file, 'utf8') !== after)
    throw new Error(
      `${file} already exists, and init never overwrites a file. Move it away, or add the connection by hand.`,
    );
  return changeOf(folder, name, after);
}

function changeOf(folder: string, name: string, after: string): FileChange {
  const file = path.join(folder, name);
  return { path: file, before: existsSync(file) ? readFileSync(file, 'utf8') : undefined, after };
}

/** JSON with the indentation of the project's `package.json`. */
function json(folder: string, value: object): string {
  const file = path.join(folder, 'package.json');
  const indent = existsSync(file) ? /^([ \t]+)"/m.exec(readFileSync(file, 'utf8'))?.[1] : undefined;
  return `${JSON.stringify(value, null, indent ?? 2)}\n`;
}

function readJson(file: string): Record<string, unknown> | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Reported below.
  }
  throw new Error(`${file} is not a JSON object. Correct it, then run init again.`);
}

/** The TypeScript of the project's own folder and those directly below, which is where stacks usually are. */
function sources(folder: string): string[] {
  const files = (inFolder: string) =>
    readdirSync(inFolder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.ts$/.test(entry.name) && !entry.name.endsWith('.d.ts'))
      .map((entry) => readFileSync(path.join(inFolder, entry.name), 'utf8'));
  const folders = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !/^(\.|node_modules$|cdktf\.out$)/.test(entry.name))
    .map((entry) => path.join(folder, entry.name));
  return [folder, ...folders].flatMap(files);
}

const nameOf = (folder: string): string =>
  path
    .basename(path.resolve(folder))
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '') || 'vendor-connection';
