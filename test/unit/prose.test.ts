/** Documents: their words, links and widths. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import {
  anchorsOf,
  houseWordsIn,
  houseWordsOfCode,
  linksOf,
  proseOf,
  wideCodeOf,
  wideTablesOf,
} from '../lint/prose.js';
import { proseIn, sourcesIn } from '../lint/sources.js';

const documents = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(file));
const textOf = (file: string) => readFileSync(file, 'utf8');

describe.each(documents)('%s', (file) => {
  const text = textOf(file);

  test('is plain technical English', () => {
    expect(
      houseWordsIn(proseOf(text)).map(
        ({ line, found, instead }) => `${file}:${line}: "${found}" (${instead})`,
      ),
    ).toEqual([]);
  });

  test('has no dead link, neither to a file nor to a heading', () => {
    const dead = linksOf(text).filter((link) => {
      const target = link.file === '' ? file : normalize(join(dirname(file), link.file));
      // Of a package: built from docs/.
      const source = target.replace(/^service\/dist\/docs\//, 'docs/');
      if (!existsSync(source)) return true;
      return link.anchor !== '' && target.endsWith('.md') && !anchorsOf(textOf(target)).has(link.anchor);
    });
    expect(dead).toEqual([]);
  });

  test('names only files that exist', () => {
    const folders = /`((?:service|constructs|client|aws-sandbox|test|docs|deploy|examples|\.ci)\/[\w./-]+)`/g;
    expect(
      [...text.matchAll(folders)].map(([, path = '']) => path).filter((path) => !existsSync(path)),
    ).toEqual([]);
  });

  test('needs no sideways scrolling', () => {
    expect(wideCodeOf(text)).toEqual([]);
    expect(wideTablesOf(text)).toEqual([]);
  });
});

test('ARCHITECTURE.md names only files that exist', () => {
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    encoding: 'utf8',
  }).split('\n');
  const named = [...textOf('ARCHITECTURE.md').matchAll(/`([\w./-]+\.tsx?)`/g)].map(([, name = '']) => name);
  expect(
    named.filter((name) => !files.some((file) => `/${file}`.endsWith(`/${name}`) && existsSync(file))),
  ).toEqual([]);
});

test.each(['constructs', 'service', 'client', 'aws-sandbox'])(
  'the README of %s links only into its package',
  (folder) => {
    const outside = linksOf(textOf(`${folder}/README.md`)).filter(({ file }) => file.startsWith('..'));
    expect(outside).toEqual([]);
  },
);

test.each(['constructs', 'service', 'client', 'aws-sandbox', 'examples', 'test'])(
  'comments, messages and titles of %s are plain technical English',
  (folder) => {
    const faults = [...sourcesIn([folder])]
      .filter(({ file }) => file !== 'test/unit/prose.test.ts' && file !== 'test/lint/prose.ts')
      .flatMap((source) =>
        proseIn(source).flatMap((prose) =>
          houseWordsOfCode(prose.text).map(
            ({ line, found, instead }) => `${source.file}:${prose.line + line - 1}: "${found}" (${instead})`,
          ),
        ),
      );
    expect(faults).toEqual([]);
  },
);

test('the check finds home-made words and accepts plain English', () => {
  const faults = [
    'Whoever asks gets it.',
    'It goes on.',
    'A role of its own.',
    'It says what is wrong.',
    'Nobody is told.',
    'who runs the service',
    'The key was begun.',
  ];
  for (const fault of faults) expect(houseWordsIn(fault)).not.toEqual([]);
  for (const fault of ['/** What a client is created with. */', "'who runs the service'"])
    expect(houseWordsOfCode(fault)).not.toEqual([]);
  const fine = [
    'What is an external ID?',
    'Who can assume the role?',
    'A person who copies the ARN.',
    'The job continues.',
    'Each connection has its own secret.',
  ];
  for (const sentence of [...fine, 'Prints what is missing.']) expect(houseWordsOfCode(sentence)).toEqual([]);
  for (const sentence of fine) expect(houseWordsIn(sentence)).toEqual([]);
});
