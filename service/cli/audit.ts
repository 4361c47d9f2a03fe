import { type CommandRow, type Given, ofCall } from './command-row.js';
import { printTable } from './print.js';
import { scopeText } from './target-options.js';

export const auditCommands: readonly CommandRow[] = [
  ofCall('listAuditRecords', {
    usage: 'audit',
    example: 'rolebridge audit --connection con_… --limit 20',
    members: { connection: ['--connection <id>'] },
    options: [{ flags: '--before <id>', about: 'only records before this one' }],
    request: ({ options: { before } }: Given<{ before?: string }>) => ({ before }),
    limit: 50,
    show: ({ records }, { terminal }) =>
      printTable(terminal, records, {
        TIME: 'at',
        ACTION: 'action',
        OUTCOME: (record) =>
          record.phase === 'intent' ? 'started' : [record.outcome, record.code].filter(Boolean),
        ACTOR: ({ actor }) => [actor.kind, 'id' in actor && actor.id].filter(Boolean),
        ABOUT: ({ connectionId, target }) => [connectionId, target && scopeText(target)].filter(Boolean),
        REQUEST: 'requestId',
      }),
  }),
];
