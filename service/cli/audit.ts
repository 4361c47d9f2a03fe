import type { Command } from 'commander';
import type { AuditRecord } from '../../client/index.js';
import { memberOf, summaryOf } from './of-call.js';
import { printJson, printTable } from './print.js';
import { clientOf, type ServiceOptions, wholeNumber, withServiceOptions } from './service-options.js';
import { scopeText } from './target-options.js';
import type { Terminal } from './terminal.js';
import { withExample } from './with-example.js';

/** `rolebridge audit`. */
export function addAuditCommand(program: Command, terminal: Terminal): void {
  withExample(
    withServiceOptions(program.command('audit').description(summaryOf('listAuditRecords')))
      .option('--connection <id>', memberOf('listAuditRecords', 'connection'))
      .option('--limit <number>', 'how many records', wholeNumber('--limit', 1, 100_000), 50)
      .option('--before <id>', 'only records before this one'),
    'rolebridge audit --connection con_… --limit 20',
  ).action(async (options: ServiceOptions & { connection?: string; limit: number; before?: string }) => {
    const client = await clientOf(options, terminal);
    const records: AuditRecord[] = [];
    for (let before = options.before; records.length < options.limit; ) {
      const page = await client.listAuditRecords({
        limit: Math.min(100, options.limit - records.length),
        ...(before !== undefined && { before }),
        ...(options.connection !== undefined && { connection: options.connection }),
      });
      records.push(...page.records);
      before = page.next;
      if (before === undefined) break;
    }
    if (options.json) return printJson(terminal, { records });
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
    );
  });
}
