/**
 * `npm run lint` ends with this: imports between files and between folders must have no circle (type-only imports
 * count), and the rooms stand on at most seven floors. `npm run imports` also prints the floors.
 */
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';
import { filesIn } from './sources.js';

const roots = ['constructs', 'service', 'client', 'aws-sandbox'];
const byName: Record<string, string> = {
  '@rolebridge/client': 'client/index.ts',
  '@rolebridge/aws-sandbox': 'aws-sandbox/index.ts',
};

const files = roots.flatMap(filesIn);
const known = new Set(files);
const imports = new Map(files.map((file) => [file, importsOf(file)]));

function importsOf(file: string): string[] {
  const { importedFiles } = ts.preProcessFile(readFileSync(file, 'utf8'), true, true);
  const targets = importedFiles.map(({ fileName }) => {
    if (!fileName.startsWith('.')) return byName[fileName];
    const path = normalize(join(dirname(file), fileName)).replace(/\.jsx?$/, '');
    return [`${path}.ts`, `${path}.tsx`, join(path, 'index.ts')].find((candidate) => known.has(candidate));
  });
  // The built command starts the program, as `node` does.
  return [...new Set(targets)].filter(
    (target) => target !== undefined && known.has(target) && target !== 'service/main.ts',
  ) as string[];
}

/** `service/records/postgres/backend.ts` is in the folder `service/records`; `service/logger.ts` stands alone. */
const folderOf = (file: string) =>
  file
    .split('/')
    .slice(0, 2)
    .join('/')
    .replace(/\.tsx?$/, '');

/** Of the service each folder is a room; the other packages are a room each. */
const roomOf = (file: string) => (file.startsWith('service/') ? folderOf(file) : (file.split('/')[0] ?? ''));

/** As ARCHITECTURE.md draws the house. */
const mostFloors = 7;

function between(graph: Map<string, string[]>, place: (file: string) => string): Map<string, Set<string>> {
  const rooms = new Map<string, Set<string>>();
  for (const [file, targets] of graph) {
    const own = rooms.get(place(file)) ?? new Set();
    rooms.set(place(file), own);
    for (const target of targets) if (place(target) !== place(file)) own.add(place(target));
  }
  return rooms;
}

/** Tarjan's strongly connected components, those with more than one member. */
function circlesIn(graph: Map<string, Iterable<string>>): string[][] {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (node: string): void => {
    order.set(node, order.size);
    low.set(node, order.get(node) ?? 0);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!order.has(next)) visit(next);
      if (stack.includes(next)) low.set(node, Math.min(low.get(node) ?? 0, low.get(next) ?? 0));
    }
    if (low.get(node) !== order.get(node)) return;
    const members = stack.splice(stack.indexOf(node));
    if (members.length > 1) found.push(members);
  };
  for (const node of graph.keys()) if (!order.has(node)) visit(node);
  return found;
}

/** The ground floor imports nothing; every other room stands one above the highest that it imports. */
function floorsOf(rooms: Map<string, Set<string>>): string[][] {
  const floors = new Map<string, number>();
  const floorOf = (room: string): number => {
    const memo = floors.get(room);
    if (memo !== undefined) return memo;
    const floor = Math.max(-1, ...[...(rooms.get(room) ?? [])].map(floorOf)) + 1;
    floors.set(room, floor);
    return floor;
  };
  const result: string[][] = [];
  for (const room of rooms.keys()) {
    const floor = floorOf(room);
    result[floor] = [...(result[floor] ?? []), room];
  }
  return result;
}

const folders = between(imports, folderOf);
const faults = [
  ...circlesIn(imports).map((members) => `Import circle between files: ${members.join(' ↔ ')}`),
  ...circlesIn(folders)
    .filter((members) => !members.every((folder) => known.has(`${folder}.ts`)))
    .map((members) => `Import circle between folders: ${members.join(' ↔ ')}`),
];
// A circle has no floors.
const floors = faults.length > 0 ? [] : floorsOf(between(imports, roomOf));
if (floors.length > mostFloors) faults.push(`The rooms stand on ${floors.length} floors, not ${mostFloors}.`);
if (faults.length > 0 || process.argv.includes('--floors'))
  for (const [floor, names] of [...floors.entries()].reverse())
    console.log(`${floor + 1}  ${names.sort().join('  ')}`);
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
