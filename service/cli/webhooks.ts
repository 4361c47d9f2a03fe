import type { WebhookEndpoint } from '../../client/api.js';
import { type CommandRow, type Given, ofCall } from './command-row.js';
import { UsageError } from './failure.js';
import { printJson, printTable, printValues } from './print.js';

interface ReplayOptions {
  readonly delivery?: string;
  readonly since?: string;
}

export const webhookCommands: readonly CommandRow[] = [
  ofCall('createWebhookEndpoint', {
    usage: 'webhooks create <endpoint-url>',
    example: 'rolebridge webhooks create https://hooks.vendor.example/rolebridge',
    members: {
      url: false,
      enabled: false,
      events: ['--events <types>', 'types, separated by commas, such as connection.failed (default: all)'],
    },
    request: ({ words: [url] }) => ({ url }),
    show,
  }),
  ofCall('listWebhookEndpoints', {
    usage: 'webhooks list',
    example: 'rolebridge webhooks list',
    show: ({ webhookEndpoints }, { terminal }) =>
      printTable(terminal, webhookEndpoints, {
        ID: 'id',
        URL: 'url',
        EVENTS: ({ events }) => events ?? 'all',
        ENABLED: 'enabled',
        SOURCE: 'source',
      }),
  }),
  ofCall('getWebhookEndpoint', {
    usage: 'webhooks show <id>',
    example: 'rolebridge webhooks show whe_…',
    show,
  }),
  ofCall('updateWebhookEndpoint', {
    usage: 'webhooks change <id>',
    example: 'rolebridge webhooks change whe_… --disable',
    members: {
      url: ['--endpoint-url <url>', 'its new URL'],
      enabled: false,
      events: ['--events <types>', 'the types that it gets, separated by commas; "" is all'],
    },
    options: [
      { flags: '--enable', about: 'send to it again from now on', conflicts: 'disable' },
      { flags: '--disable', about: 'send nothing to it' },
    ],
    request: ({ options: { enable, disable } }: Given<{ enable?: boolean; disable?: boolean }>) =>
      enable || disable ? { enabled: enable ?? false } : {},
    show,
  }),
  ofCall('deleteWebhookEndpoint', {
    usage: 'webhooks delete <id>',
    example: 'rolebridge webhooks delete whe_…',
    done: 'deleted',
  }),
  ofCall('rotateWebhookSecret', {
    usage: 'webhooks rotate-secret <id>',
    example: 'rolebridge webhooks rotate-secret whe_…',
    members: {
      previousValidSeconds: [
        '--previous-valid <seconds>',
        'how long the previous secret still signs (default: a day)',
      ],
    },
    show,
  }),
  ofCall('sendTestMessage', {
    usage: 'webhooks test <id>',
    example: 'rolebridge webhooks test whe_…',
    show: (delivery, { terminal, words: [id] }) =>
      void terminal.stdout.write(`sent ${delivery.id}; its result: rolebridge webhooks deliveries ${id}\n`),
  }),
  ofCall('listWebhookDeliveries', {
    usage: 'webhooks deliveries <id>',
    example: 'rolebridge webhooks deliveries whe_… --status failed',
    limit: 50,
    show: ({ deliveries }, { terminal }) =>
      printTable(terminal, deliveries, {
        ID: 'id',
        TYPE: 'type',
        CREATED: 'createdAt',
        STATUS: 'status',
        ATTEMPTS: 'attempts',
        'LAST ANSWER': ({ lastAttempt: { reason, status } = {} }) => reason ?? (status && `HTTP ${status}`),
      }),
  }),
  ofCall('replayWebhookDeliveries', {
    usage: 'webhooks replay <id>',
    about: 'sends messages again: one, or those of a time range',
    example: 'rolebridge webhooks replay whe_… --since 2026-11-24T00:00:00Z',
    options: [{ flags: '--delivery <webhook-id>', about: 'only this one', conflicts: 'since' }],
    async run({ terminal, words: [id = ''], options, client, members }: Given<ReplayOptions>) {
      const { delivery, since } = options;
      const replay = async () => {
        if (delivery !== undefined) return (await client()).replayWebhookDelivery(id, delivery);
        if (since !== undefined) return (await client()).replayWebhookDeliveries(id, { ...members, since });
        throw new UsageError('No message is named.', 'Give --since TIME, or --delivery ID for one message.');
      };
      const answer = await replay();
      if (options.json) return printJson(terminal, answer);
      terminal.stdout.write(`replayed ${'replayed' in answer ? answer.replayed : answer.id}\n`);
    },
  }),
];

function show(endpoint: WebhookEndpoint & { secret?: string }, { terminal }: Given): void {
  const { id, url, description, events, enabled, source, secret } = endpoint;
  const values = {
    events: events?.join(' ') ?? 'all',
    enabled: enabled ? 'yes' : 'no',
    source,
    secret,
  };
  printValues(terminal, { id, url, description, ...values });
  if (secret !== undefined) terminal.stdout.write('\nThe secret is shown only once.\n');
}
