/**
 * The words and links of documents, checked by `npm test` (test/unit/prose.test.ts). `houseWordsIn` works on any text, so
 * that comments and messages in code can be held to the same list.
 */

/** Words that make a technical text read as if translated. Each names what to write instead. */
const houseWords: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/\b(?:who(?:m)?ever|nobody|somebody)\b/gi, 'name the subject'],
  [/\b(?:goes|go|went|going) on\b(?! (?:to|the|a|call|holiday)\b)/gi, 'continues'],
  [/\b(?:comes?|came) again\b/gi, 'repeats, retries'],
  [/\bby (?:itself|themselves)\b/gi, 'automatically, or name the subject'],
  [/\balso not\b/gi, 'not even, neither'],
  [/\bof (?:its|their|his|her|your|our|my) own\b/gi, 'separate, its own X'],
  [/\b(?:takes?|took|taken) up\b/gi, 'uses, reads, starts'],
  [/\blies about\b/gi, 'is left'],
  [/\bbegun\b/gi, 'started'],
  [/\bmend(?:s|ed|ing)?\b/gi, 'fix, correct'],
  [/\b(?:is|are|was|were|be|been|gets?) told\b/gi, 'is notified, is warned'],
  [/\bthis once\b/gi, 'once'],
  [/\bwith commas\b/gi, 'separated by commas'],
  [/\bcan not\b/gi, "can't"],
  [/\b(?:learnt|cancell(?:ed|ing)|behaviour|colours?|licence|favour)\b/gi, 'American spelling'],
  // A clause as a noun. In a question both are English.
  [/\b[Ww]hat (?:is|was|are|were)\b(?![^.!?\n]*\?)/g, 'name the thing'],
  [/(?:^|[.;:(|] ?|\b(?:tells?|to|of|for|by|from|shows?) )[Ww]ho (?![^.!?\n]*\?)/gm, 'name the person'],
];

/** A comment or a test's title that is a clause: name the thing, or begin with the verb. */
const clauses: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [
    /^(?:\/[/*][\s*]*(?:What (?!to |happened)|Who |Whom |Whose )|['"`](?:what (?!to |happened)|who ))(?![^.!?]*\?)/g,
    'a noun or a verb phrase',
  ],
];

export interface HouseWord {
  readonly line: number;
  readonly found: string;
  readonly instead: string;
}

/** Home-made words of a document. */
export const houseWordsIn = (text: string) => found(text, houseWords);

/** Home-made words of a comment, a message or a title. Inside a sentence, "what is …" is English in code's comments. */
export const houseWordsOfCode = (text: string) =>
  found(text, [...houseWords.filter(([, instead]) => instead !== 'name the thing'), ...clauses]);

function found(text: string, patterns: typeof houseWords): HouseWord[] {
  return patterns
    .flatMap(([pattern, instead]) =>
      [...text.matchAll(pattern)].map(({ 0: found, index }) => ({
        line: text.slice(0, index).split('\n').length,
        found: found.trim(),
        instead,
      })),
    )
    .sort((one, other) => one.line - other.line);
}

const blank = (text: string) => text.replace(/[^\n]/g, ' ');

/** A Markdown text without code, link targets, comments and front matter; every line stays where it was. */
export const proseOf = (markdown: string): string =>
  markdown
    .replace(/^---\n.*?\n---\n/s, blank)
    .replace(/^( *)(```|~~~).*?^\1\2/gms, blank)
    .replace(/<!--.*?-->/gs, blank)
    .replace(/`[^`\n]+`/g, 'CODE')
    .replace(/“[^”\n]*”/g, 'TITLE')
    .replace(/\]\([^)\n]*\)/g, ']')
    .replace(/https?:\/\/\S+/g, 'URL');

/** The anchors of a page's headings, as GitHub and VitePress make them. */
export function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of markdown.replace(/^```.*?^```/gms, '').matchAll(/^#{1,6} (.+)$/gm)) {
    const slug = heading
      .replace(/\]\([^)]*\)/g, '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-');
    for (let copy = 0; ; copy++) {
      const anchor = copy === 0 ? slug : `${slug}-${copy}`;
      if (anchors.has(anchor)) continue;
      anchors.add(anchor);
      break;
    }
  }
  return anchors;
}

export interface Link {
  readonly file: string;
  readonly anchor: string;
}

/** Links and pictures that lead to files or to places in a page. */
export const linksOf = (markdown: string): Link[] =>
  [...markdown.matchAll(/\]\((?!https?:|mailto:|\/)([^)#\s]*)(?:#([^)\s]*))?\)/g)].map(
    ([, file = '', anchor = '']) => ({ file, anchor }),
  );

/** Lines of code too long to read: the site wraps them, GitHub scrolls them. */
export const wideCodeOf = (markdown: string, columns = 90): string[] =>
  [...markdown.matchAll(/^( *)(```|~~~)[^\n]*\n(.*?)^\1\2/gms)].flatMap(([, indent = '', , code = '']) =>
    code
      .split('\n')
      .map((line) => line.slice(indent.length))
      .filter((line) => line.length > columns),
  );

/** Tables with more columns, or more text in a row, than a narrow screen can show. */
export const wideTablesOf = (markdown: string, columns = 3, characters = 330): string[] =>
  markdown
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^[|\s:-]+$/.test(line))
    .filter((line) => {
      const cells = line
        .replaceAll('\\|', '/')
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replace(/\]\([^)]*\)/g, ']'));
      return cells.length > columns || cells.join(' ').length > characters;
    });
