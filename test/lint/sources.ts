import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

export interface SourceFile {
  readonly file: string;
  readonly text: string;
  readonly source: ts.SourceFile;
}

/** The TypeScript files of these folders, without built or installed ones. */
export const sourcesIn = (folders: readonly string[]): SourceFile[] =>
  folders.flatMap(filesIn).map((file) => {
    const known = parsed.get(file) ?? parse(file);
    parsed.set(file, known);
    return known;
  });

const parsed = new Map<string, SourceFile>();

function parse(file: string): SourceFile {
  const text = readFileSync(file, 'utf8');
  return { file, text, source: ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true) };
}

const leftOut = new Set(['dist', 'node_modules', 'public', 'terraform-module']);

export function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return leftOut.has(entry.name) ? [] : filesIn(path);
    return /(?<!\.d)\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

/** A comment or a text of more than one word, where it stands. */
export interface Prose {
  readonly line: number;
  readonly text: string;
}

/** The comments and messages of a file, without code between backticks. */
export function proseIn({ text, source }: SourceFile): Prose[] {
  const found = new Map<number, string>();
  const visit = (node: ts.Node): void => {
    if (!ts.isJsxText(node))
      for (const { pos, end } of [
        ...(ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []),
        ...(ts.getTrailingCommentRanges(text, node.getEnd()) ?? []),
      ])
        found.set(pos, text.slice(pos, end).replace(/`[^`\n]+`/g, 'CODE'));
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node))
      if (/\w \w/.test(node.text)) found.set(node.getStart(source), node.getText(source));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return [...found].map(([pos, prose]) => ({
    line: source.getLineAndCharacterOfPosition(pos).line + 1,
    text: prose,
  }));
}
