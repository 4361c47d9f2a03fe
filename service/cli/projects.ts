import { type CommandRow, type Given, ofCall } from './command-row.js';
import { printTable } from './print.js';
import { scopeText, type TargetOptions } from './target-options.js';

interface Effects {
  readonly orphans: readonly { name: string; scope: TargetOptions }[];
  readonly moves?: readonly { from: TargetOptions; to: TargetOptions }[];
}

export const projectCommands: readonly CommandRow[] = [
  ofCall('listProjects', {
    usage: 'projects list',
    example: 'rolebridge projects list',
    show: ({ projects }, { terminal }) =>
      printTable(terminal, projects, {
        ID: 'id',
        NAME: 'name',
        ENVIRONMENTS: ({ environments }) => environments.map(({ id }) => id).join(', '),
        CHANGED: 'updatedAt',
      }),
  }),
  ofCall('declareProject', {
    usage: 'projects declare <id> <name>',
    example: 'rolebridge projects declare shop "Web shop" --environments environments.json --dry-run',
    members: {
      environments: [
        '--environments <file>',
        'a JSON file: [{"id", "name", "architectures": [{"id", "name"}]}]',
      ],
    },
    show: showEffects,
  }),
  ofCall('deleteProject', {
    usage: 'projects delete <id>',
    example: 'rolebridge projects delete shop --dry-run',
    show: showEffects,
  }),
];

function showEffects({ orphans, moves = [] }: Effects, { terminal, words: [id] }: Given): void {
  terminal.stdout.write(`${id}\n`);
  for (const { from, to } of moves) terminal.stdout.write(`  moves ${scopeText(from)} to ${scopeText(to)}\n`);
  for (const { name, scope } of orphans)
    terminal.stdout.write(`  no target matches ${scopeText(scope)} of ${name} any more\n`);
}
