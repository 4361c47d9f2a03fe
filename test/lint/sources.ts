import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

export interface SourceFile {
  readonly file: string;
  readonly text: string;
  readonly source: ts.SourceFile;
}

/** The TypeScript files of these folders, without what is built or installed. */
export function* sourcesIn(folders: readonly string[]): Iterable<SourceFile> {
  for (const folder of folders)
    for (const file of filesIn(folder)) {
      const text = readFileSync(file, 'utf8');
      yield { file, text, source: ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true) };
    }
}

const leftOut = new Set(['dist', 'node_modules', 'public', 'terraform-module']);

export function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return leftOut.has(entry.name) ? [] : filesIn(path);
    return /(?<!\.d)\.tsx?$/.test(entry.name) ? [path] : [];
  });
}
