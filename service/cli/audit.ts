import { type CommandRow, ofCall } from './command-row.js';
import { printTable } from './print.js';
import { scopeText } from './target-options.js';

export const auditCommands: readonly CommandRow[] = [
  ofCall('listAuditRecords', {
    usage: 'audit',
    example: 'rolebridge audit --connection con_… --limit 20',
    members: { before: ['--before <id>', 'only records before this one'], connection: ['--connection <id>'] },
    list: 'records',
    limit: 50,
    show: ({ records }, { terminal }) =>
      printTable(
        terminal,
        ['TIME', 'ACTION', 'OUTCOME', 'ACTOR', 'ABOUT', 'REQUEST'],
        records.map((record) => [
          record.at,
          record.action,
          record.phase === 'intent' ? 'started' : [record.outcome, record.code].filter(Boolean).join(' '),
          [record.actor.kind, 'id' in record.actor && record.actor.id].filter(Boolean).join(' '),
          [record.connectionId, record.target && scopeText(record.target)].filter(Boolean).join(' '),
          record.requestId,
        ]),
      ),
  }),
];
