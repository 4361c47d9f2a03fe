import type { Command } from 'commander';
import type { WebhookEndpoint } from '../../client/api.js';
import type { RequestBody, RolebridgeClient } from '../../client/index.js';
import { operatorClient } from './operator-client.js';
import { printJson, printTable, printValues } from './print.js';
import { clientOf, type ServiceOptions, wholeNumber, withServiceOptions } from './service-options.js';
import type { Terminal } from './terminal.js';
import { type AddCommand, withExample } from './with-example.js';

interface Options extends ServiceOptions {
  readonly allOrganizations?: boolean;
}

interface EndpointOptions extends Options {
  readonly url?: string;
  readonly description?: string;
  readonly events?: string;
  readonly enable?: boolean;
  readonly disable?: boolean;
}

type Changes = RequestBody<'changeWebhookEndpoint'>;

/** `rolebridge webhooks …` */
export function addWebhookCommands(program: Command, terminal: Terminal): void {
  const group = program.command('webhooks').description('endpoints that get events, and deliveries to them');
  const add = (usage: string, description: string, example: string) =>
    withExample(
      withServiceOptions(group.command(usage).description(description)).option(
        '--all-organizations',
        'endpoints for the events of all organizations, with ROLEBRIDGE_OPERATOR_TOKEN',
      ),
      example,
    );
  addCreate(add, terminal);
  addList(add, terminal);
  addShow(add, terminal);
  addChange(add, terminal);
  addDelete(add, terminal);
  addRotateSecret(add, terminal);
  addTest(add, terminal);
  addDeliveries(add, terminal);
  addReplay(add, terminal);
}

function addCreate(add: AddCommand, terminal: Terminal): void {
  add(
    'create <endpoint-url>',
    'create an endpoint, and its secret, which is shown once',
    'rolebridge webhooks create https://hooks.vendor.example/rolebridge',
  )
    .option('--description <text>', 'a text to keep with it')
    .option('--events <types>', 'types, separated by commas, such as connection.failed (default: all)')
    .action(async (url: string, options: EndpointOptions) =>
      show(
        terminal,
        await (await client(options, terminal)).createWebhookEndpoint({ url, ...asCreated(options) }),
        options,
      ),
    );
}

function addList(add: AddCommand, terminal: Terminal): void {
  add('list', 'list the endpoints', 'rolebridge webhooks list').action(async (options: Options) => {
    const { webhookEndpoints } = await (await client(options, terminal)).listWebhookEndpoints();
    if (options.json) return printJson(terminal, { webhookEndpoints });
    printTable(
      terminal,
      ['ID', 'URL', 'EVENTS', 'ENABLED', 'SOURCE'],
      webhookEndpoints.map(({ id, url, events, enabled, source }) => [
        id,
        url,
        eventsText(events),
        yesOrNo(enabled),
        source,
      ]),
    );
  });
}

function addShow(add: AddCommand, terminal: Terminal): void {
  add('show <id>', 'show an endpoint', 'rolebridge webhooks show whe_…').action(
    async (id: string, options: Options) =>
      show(terminal, await (await client(options, terminal)).getWebhookEndpoint(id), options),
  );
}

function addChange(add: AddCommand, terminal: Terminal): void {
  add('change <id>', 'change an endpoint', 'rolebridge webhooks change whe_… --disable')
    .option('--endpoint-url <url>', 'its new URL')
    .option('--description <text>', 'a text to keep with it; "" removes it')
    .option('--events <types>', 'the types that it gets, separated by commas; "" is all')
    .option('--enable', 'send to it again from now on')
    .option('--disable', 'send nothing to it')
    .action(async (id: string, options: EndpointOptions & { endpointUrl?: string }) => {
      const { endpointUrl: url } = options;
      const change = { ...changesIn(options), ...(url !== undefined && { url }) };
      show(terminal, await (await client(options, terminal)).changeWebhookEndpoint(id, change), options);
    });
}

function addDelete(add: AddCommand, terminal: Terminal): void {
  add(
    'delete <id>',
    'delete an endpoint, with its waiting messages',
    'rolebridge webhooks delete whe_…',
  ).action(async (id: string, options: Options) => {
    await (await client(options, terminal)).deleteWebhookEndpoint(id);
    if (options.json) printJson(terminal, { deleted: id });
    else terminal.stdout.write(`deleted ${id}\n`);
  });
}

function addRotateSecret(add: AddCommand, terminal: Terminal): void {
  add(
    'rotate-secret <id>',
    'create another secret, which is shown once',
    'rolebridge webhooks rotate-secret whe_…',
  )
    .option(
      '--previous-valid <seconds>',
      'how long the previous secret still signs (default: a day)',
      wholeNumber('--previous-valid', 0, 604_800),
    )
    .action(async (id: string, options: Options & { previousValid?: number }) => {
      const { previousValid: previousValidSeconds } = options;
      const body = previousValidSeconds === undefined ? {} : { previousValidSeconds };
      show(terminal, await (await client(options, terminal)).rotateWebhookSecret(id, body), options);
    });
}

function addTest(add: AddCommand, terminal: Terminal): void {
  add('test <id>', 'send a test message', 'rolebridge webhooks test whe_…').action(
    async (id: string, options: Options) => {
      const delivery = await (await client(options, terminal)).sendTestMessage(id);
      if (options.json) return printJson(terminal, delivery);
      terminal.stdout.write(`sent ${delivery.id}; its result: rolebridge webhooks deliveries ${id}\n`);
    },
  );
}

function addDeliveries(add: AddCommand, terminal: Terminal): void {
  add(
    'deliveries <id>',
    'list the deliveries to an endpoint, newest first',
    'rolebridge webhooks deliveries whe_… --status failed',
  )
    .option('--status <status>', 'pending, delivered or failed')
    .option('--limit <number>', 'maximum number (50)', wholeNumber('--limit', 1, 100))
    .action(async (id: string, options: Options & { status?: 'failed'; limit?: number }) => {
      const { status, limit } = options;
      const page = await (await client(options, terminal)).listWebhookDeliveries(id, { status, limit });
      if (options.json) return printJson(terminal, page);
      printTable(
        terminal,
        ['ID', 'TYPE', 'CREATED', 'STATUS', 'ATTEMPTS', 'LAST ANSWER'],
        page.deliveries.map(({ id, type, createdAt, status, attempts, lastAttempt }) => [
          id,
          type,
          createdAt,
          status,
          String(attempts),
          lastAttempt?.reason ??
            (lastAttempt?.status === undefined ? undefined : `HTTP ${lastAttempt.status}`),
        ]),
      );
    });
}

function addReplay(add: AddCommand, terminal: Terminal): void {
  add(
    'replay <id>',
    'send messages again: one, or those of a time range',
    'rolebridge webhooks replay whe_… --since 2026-11-24T00:00:00Z',
  )
    .option('--delivery <webhook-id>', 'only this one')
    .option('--since <time>', 'created then or later')
    .option('--until <time>', 'created then or before')
    .option('--status <status>', 'failed or delivered (failed)')
    .action(async (id: string, options: Options & ReplayOptions) => {
      const { delivery, since = '', until, status } = options;
      const service = await client(options, terminal);
      const answer =
        delivery === undefined
          ? await service.replayWebhookDeliveries(id, { since, until, status })
          : await service.replayWebhookDelivery(id, delivery);
      if (options.json) return printJson(terminal, answer);
      terminal.stdout.write(
        'replayed' in answer ? `replayed ${answer.replayed}\n` : `replayed ${answer.id}\n`,
      );
    });
}

interface ReplayOptions {
  readonly delivery?: string;
  readonly since?: string;
  readonly until?: string;
  readonly status?: 'failed' | 'delivered';
}

const client = async (options: Options, terminal: Terminal): Promise<RolebridgeClient> =>
  options.allOrganizations ? operatorClient(options, terminal) : clientOf(options, terminal);

function show(terminal: Terminal, endpoint: WebhookEndpoint & { secret?: string }, { json }: ServiceOptions) {
  if (json) return printJson(terminal, endpoint);
  const { id, url, description, events, enabled, source, secret } = endpoint;
  printValues(terminal, {
    id,
    url,
    description,
    events: eventsText(events),
    enabled: yesOrNo(enabled),
    source,
    secret,
  });
  if (secret !== undefined) terminal.stdout.write('\nThe secret is shown only once.\n');
}

const yesOrNo = (value: boolean): string => (value ? 'yes' : 'no');
const eventsText = (events: readonly string[] | undefined): string => events?.join(' ') ?? 'all';

function changesIn({ description, events, enable, disable }: EndpointOptions): Changes {
  return {
    ...(description !== undefined && { description: description === '' ? null : description }),
    ...(events !== undefined && { events: events === '' ? null : typesIn(events) }),
    ...(enable && { enabled: true }),
    ...(disable && { enabled: false }),
  };
}

const asCreated = ({ description, events }: EndpointOptions) => ({
  ...(description && { description }),
  ...(events && { events: typesIn(events) }),
});

type EventType = NonNullable<Changes['events']>[number];
/** Any text: the service answers with the types that there are. */
const isEventType = (_text: string): _text is EventType => true;
const typesIn = (events: string): EventType[] => events.split(',').filter(isEventType);
