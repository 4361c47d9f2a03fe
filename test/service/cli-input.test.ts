/** Invalid command lines: each is rejected with the fault and the correct form, before any request. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandLineInput, runCommandLine } from '../command-line.js';

const apiKey = `rbk_${'a'.repeat(16)}_${'0'.repeat(64)}`;
const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYcanarySECRET';
const token = 'IQoJb3JpZ2luX2VjEcanarySESSIONtoken';

let server: Server;
let url: string;
let folder: string;
let asked: string[];

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>A proxy</h1>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  folder = mkdtempSync(join(tmpdir(), 'rolebridge-cli-input-'));
  writeFileSync(join(folder, 'not-a-key'), `${secret}\n`, { mode: 0o600 });
  writeFileSync(join(folder, 'empty'), '', { mode: 0o600 });
});
beforeEach(() => {
  asked = [];
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const rolebridge = (words: string[], input: CommandLineInput = {}) =>
  runCommandLine(
    words.map((word) => word.replace('FOLDER', folder)),
    { ...input, env: { ROLEBRIDGE_URL: url, ROLEBRIDGE_API_KEY: apiKey, ...input.env } },
  );

const json = (value: object) => ({ stdin: JSON.stringify(value) });

describe('is rejected with exit code 2 and the correct form, before any request:', () => {
  const cases: [string, string[], RegExp, CommandLineInput?][] = [
    [
      'a command that is none',
      ['conection', 'list'],
      /Unknown command 'conection'\.\n +Did you mean connection\? "rolebridge --help"/,
    ],
    [
      'a verb that is none',
      ['connection', 'remove', 'x'],
      /Unknown command 'remove'[\s\S]*"rolebridge connection --help" shows its commands/,
    ],
    [
      'an option that is none',
      ['connection', 'list', '--all'],
      /Unknown option '--all'\.\n +"rolebridge connection list --help"/,
    ],
    ['an argument too many', ['api-keys', 'create', 'a', 'b'], /Too many arguments/],
    ['an argument too few', ['connection', 'rename', 'con_x'], /Missing required argument 'name'/],
    ['an option without its value', ['resolve', '--project'], /argument missing/],
    [
      'no URL',
      ['api-keys', 'list'],
      /URL of the service is missing[\s\S]*--url/,
      { env: { ROLEBRIDGE_URL: undefined } },
    ],
    ['an empty URL', ['api-keys', 'list'], /URL of the service is missing/, { env: { ROLEBRIDGE_URL: '' } }],
    ['a URL that is none', ['api-keys', 'list', '--url', 'vendor'], /"vendor" is not a URL/],
    ['a URL of another kind', ['api-keys', 'list', '--url', 'ftp://vendor.example'], /must begin with https/],
    ['a URL with a query', ['api-keys', 'list', '--url', 'https://vendor.example?x=1'], /no "\?"/],
    [
      'a URL with a password, which is not repeated',
      ['api-keys', 'list', '--url', `https://me:${secret}@vendor.example`],
      /"https:\/\/…@vendor.example" is not a URL/,
    ],
    [
      'http to another machine',
      ['api-keys', 'list', '--url', 'http://vendor.example'],
      /exposes keys on the network/,
    ],
    [
      'no API key',
      ['api-keys', 'list'],
      /API key is missing[\s\S]*ROLEBRIDGE_API_KEY/,
      { env: { ROLEBRIDGE_API_KEY: '' } },
    ],
    [
      'an API key that is another kind of secret',
      ['api-keys', 'list'],
      /ROLEBRIDGE_API_KEY does not contain a Rolebridge API key/,
      { env: { ROLEBRIDGE_API_KEY: secret } },
    ],
    [
      'an API key with a line in between',
      ['api-keys', 'list'],
      /ROLEBRIDGE_API_KEY does not contain a Rolebridge API key/,
      { env: { ROLEBRIDGE_API_KEY: `${apiKey}\r\nx: y` } },
    ],
    [
      'a key file that is not there',
      ['api-keys', 'list', '--api-key-file', '/nowhere/key'],
      /can't be read: ENOENT/,
    ],
    [
      'a key file that is a folder',
      ['api-keys', 'list', '--api-key-file', 'FOLDER'],
      /can't be read: EISDIR/,
    ],
    [
      'a key file with something else',
      ['api-keys', 'list', '--api-key-file', 'FOLDER/not-a-key'],
      /not contain a Rolebridge API key/,
    ],
    [
      'an empty key file',
      ['api-keys', 'list', '--api-key-file', 'FOLDER/empty'],
      /not contain a Rolebridge API key/,
    ],
    [
      'nothing on standard input',
      ['api-keys', 'list', '--api-key-file', '-'],
      /Standard input does not contain a Rolebridge API key/,
    ],
    [
      'too much on standard input',
      ['api-keys', 'list', '--api-key-file', '-'],
      /More than 64 kB/,
      { stdin: 'x'.repeat(70_000) },
    ],
    [
      'a time-out that is none',
      ['api-keys', 'list', '--timeout', 'soon'],
      /--timeout must be a whole number from 1 to/,
    ],
    ['a time-out of 0', ['api-keys', 'list', '--timeout', '0'], /not "0"/],
    ['a limit that is none', ['audit', '--limit', '-5'], /--limit must be a whole number/],
    ['a status that is none', ['connection', 'list', '--status', 'broken'], /one of pending, connected/],
    ['an environment alone', ['resolve', '-e', 'production'], /without --project/],
    ['an architecture alone', ['credentials', '-p', 'x', '-a', 'web'], /without --environment/],
    ['a duration too short', ['credentials', '--duration', '60'], /from 900 to 43200, not "60"/],
    ['a duration in words', ['credentials', '--duration', '1h'], /not "1h"/],
    ['a tag without a value', ['credentials', '--tag', 'team'], /--tag must be KEY=VALUE/],
    ['a policy file that is not there', ['credentials', '--session-policy-file', '/nowhere'], /ENOENT/],
    ['a scope of four levels', ['scope', 'set', 'con_x', 'a/b/c/d'], /"a\/b\/c\/d" is not a scope/],
    ['a scope with an empty level', ['connection', 'create', 'x', '--scope', 'a//c'], /is not a scope/],
    ['no scope', ['scope', 'set', 'con_x'], /give --none/],
    ['a scope beside --none', ['scope', 'set', 'con_x', 'shop', '--none'], /one of the two/],
    [
      'a way that is none',
      ['connection', 'create', 'x', '--format', 'pulumi'],
      /one of cdktn, terraform, terraform-module, cloudformation/,
    ],
    [
      'a format beside JSON',
      ['connection', 'create', 'x', '--format', 'cdktf', '--json'],
      /'--format <format>' cannot be used with option '--json'/,
    ],
    ['an email without a user', ['sign-in-links', 'create', '--email', 'a@b.example'], /without --user/],
    [
      'an endpoint that is enabled and disabled',
      ['webhooks', 'change', 'whe_x', '--enable', '--disable'],
      /cannot be used with option '--disable'/,
    ],
    ['a replay of no message', ['webhooks', 'replay', 'whe_x'], /--since TIME, or --delivery ID/],
    ['a number as a time', ['api-keys', 'create', 'x', '--expires-in', '7'], /must be 15m, 12h or 30d/],
    ['a time in words', ['enrollment', 'create', 'x', '--expires-in', 'soon'], /must be 15m, 12h or 30d/],
    ['a time that has passed', ['api-keys', 'create', 'x', '--expires-in', '2020-01-31'], /from 1s to/],
    ['a link for too long', ['sign-in-links', 'create', '--expires-in', '31d'], /from 1m to 30d from now/],
    [
      'a partition that is none',
      ['enrollment', 'register', 'https://x', '--partition', 'eu'],
      /one of aws, aws-us-gov/,
    ],
    ['an operator’s link for too long', ['operator', 'link', 'x', '--expires-in', '2h'], /from 1m to 1h/],
    ['a token for no time', ['operator-token', 'create', 'x', '--expires-in', '0d'], /from 1s to 3650d/],
    [
      'a store that is none',
      ['migrate', '--from', 'lowdb', '--to', 'postgres'],
      /--from must be one of file, postgres, not/,
    ],
    [
      'a rotation’s time that is none',
      ['connection', 'rotate-callback-secret', 'c', '--previous-valid', '1d'],
      /"1d"/,
    ],
    [
      'an access key without a secret',
      ['connection', 'create', 'x', '--access-key'],
      /secret access key is missing[\s\S]*Pipe/,
    ],
    [
      'a secret without its id',
      ['connection', 'create', 'x', '--access-key'],
      /access key ID is missing[\s\S]*--access-key-id/,
      { stdin: secret },
    ],
    [
      'a secret in the environment without its id',
      ['connection', 'rotate-key', 'con_x'],
      /access key ID is missing/,
      { env: { ROLEBRIDGE_SECRET_ACCESS_KEY: secret } },
    ],
    [
      'three lines',
      ['connection', 'rotate-key', 'con_x', '--access-key-id', 'AKIAIOSFODNN7EXAMPLE'],
      /more than a secret/,
      { stdin: `${secret}\n${token}\nmore` },
    ],
    [
      'JSON that ends too early',
      ['connection', 'rotate-key', 'con_x'],
      /starts like JSON/,
      { stdin: `{"AccessKey": {"SecretAccessKey": "${secret}"` },
    ],
    [
      'JSON of something else',
      ['connection', 'rotate-key', 'con_x'],
      /no AccessKeyId and SecretAccessKey/,
      json({ SecretAccessKey: secret }),
    ],
    [
      'JSON of another key',
      ['connection', 'rotate-key', 'con_x', '--access-key-id', 'AKIAI44QH8DHBEXAMPLE'],
      /a different access key/,
      json({ AccessKeyId: 'AKIAIOSFODNN7EXAMPLE', SecretAccessKey: secret, SessionToken: token }),
    ],
    [
      'two secrets on one input',
      ['connection', 'create', 'x', '--access-key', '--api-key-file', '-'],
      /can’t hold the API key and the access key/,
      { stdin: `${apiKey}\n` },
    ],
    [
      'two secrets on one input, before it is read',
      ['connection', 'rotate-key', 'con_x', '--api-key-file', '-'],
      /can’t hold the API key and the access key/,
      json({ AccessKeyId: 'AKIAIOSFODNN7EXAMPLE', SecretAccessKey: secret }),
    ],
    [
      'two secrets on one input that the environment names',
      ['connection', 'rotate-key', 'con_x'],
      /can’t hold the API key and the access key/,
      { env: { ROLEBRIDGE_API_KEY_FILE: '-' }, stdin: `${apiKey}\n` },
    ],
    ['a secret as an option', ['connection', 'create', 'x', '--secret-access-key', secret], /Unknown option/],
    ['an API key as an option', ['api-keys', 'list', '--api-key', apiKey], /Unknown option '--api-key'/],
    [
      'an operator’s token that is missing',
      ['org', 'create', 'x', '--url', 'https://v.example'],
      /operator token is missing/,
    ],
    [
      'an operator’s token that is none',
      ['reencrypt', '--url', 'https://v.example'],
      /ROLEBRIDGE_OPERATOR_TOKEN does not contain an operator token/,
      { env: { ROLEBRIDGE_OPERATOR_TOKEN: `${secret}\n` } },
    ],
    ['a shell that is none', ['completion', 'powershell'], /only for bash, zsh, fish/],
    ['settings that are missing', ['serve'], /ROLEBRIDGE_PRINCIPAL: is missing/],
  ];

  test.each(cases)('%s', async (_name, words, message, input = {}) => {
    const { code, stdout, stderr } = await rolebridge(words, input);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n {4}at |node_modules/);
    expect(asked).toEqual([]);
    for (const given of [token, apiKey, ...(words.includes('--secret-access-key') ? [] : [secret])])
      expect(stderr).not.toContain(given);
  });
});

test('a mistake is JSON too, with --json', async () => {
  const { code, stdout, stderr } = await rolebridge(['connection', 'create', '--json']);
  expect([code, stdout, JSON.parse(stderr)]).toEqual([
    2,
    '',
    {
      code: 'usage',
      detail: "Missing required argument 'name'.",
      remedy: '"rolebridge connection create --help" shows its options.',
    },
  ]);
});

test.each([['help'], ['help connection create'], ['help org'], ['connection create --help']])(
  'rolebridge %s shows the help of the very command',
  async (words) => {
    const { code, stdout, stderr } = await rolebridge(words.split(' '));
    const command = words.replace(/ ?(--)?help ?/, '');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(new RegExp(`^Usage: rolebridge ${command}`));
  },
);

test.each([
  ['without a command', ['exec', '--project', 'shop'], /Missing required argument 'command'/],
  ['with a wrong option', ['exec', '--duration', '1h', '--', 'true'], /not "1h"/],
  ['for a target without a project', ['exec', '-e', 'production', '--', 'true'], /without --project/],
])('exec %s exits with 125, which no command means otherwise', async (_name, words, message) => {
  const { code, stdout, stderr } = await rolebridge(words);
  expect([code, stdout]).toEqual([125, '']);
  expect(stderr).toMatch(message);
  expect((await rolebridge(['exec', '--help'])).code).toBe(0);
});

describe('servers that are not Rolebridge', () => {
  test('verify --all shows every result when a request gets no answer', async () => {
    const connections = ['con_a', 'con_b'].map((id) => ({ id, name: id, status: 'connected', scopes: [] }));
    const broken = createServer((request, response) => {
      if (request.url?.endsWith('/con_a/verify')) response.destroy();
      else if (request.url?.endsWith('/con_b/verify'))
        response.end(JSON.stringify({ ...connections[1], status: 'connected' }));
      else
        response.end(
          JSON.stringify({ connections: request.url?.includes('status=connected') ? connections : [] }),
        );
    });
    await new Promise<void>((resolve) => broken.listen(0, '127.0.0.1', resolve));
    const at = `http://127.0.0.1:${(broken.address() as AddressInfo).port}`;
    const { code, stdout, stderr } = await rolebridge(['verify', '--all', '--url', at]);
    broken.close();
    expect([code, stderr]).toEqual([3, '']);
    expect(stdout).toMatch(/^con_a +con_a +not verified +unreachable$/m);
    expect(stdout).toMatch(/^con_b +con_b +connected +-$/m);
  });

  test('another server at the URL is recognized', async () => {
    const { code, stderr } = await rolebridge(['api-keys', 'list']);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(
        /unexpected_answer: .*answered 200 \(text\/html\), which is not a Rolebridge response/,
      ),
    ]);
  });

  test('an unreachable URL is inconclusive: exit code 3 and no output on stdout', async () => {
    const { code, stdout, stderr } = await rolebridge(['credentials', '--url', 'http://127.0.0.1:9']);
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toMatch(/can't be reached: ECONNREFUSED/);
    const asJson = await rolebridge(['credentials', '--url', 'http://127.0.0.1:9', '--json']);
    expect(JSON.parse(asJson.stderr)).toMatchObject({ code: 'unreachable', remedy: expect.any(String) });
  });

  test('text from a service can’t control the terminal', async () => {
    const hostile = createServer((_request, response) =>
      response.writeHead(422, { 'content-type': 'application/problem+json' }).end(
        JSON.stringify({
          code: 'x\u001b',
          detail: 'a\u001b[2Jb\u202ec',
          remedy: 'd\re',
          trustPolicy: '{\u001b}',
        }),
      ),
    );
    await new Promise<void>((resolve) => hostile.listen(0, '127.0.0.1', resolve));
    const { stderr } = await rolebridge([
      ...['api-keys', 'list', '--url'],
      `http://127.0.0.1:${(hostile.address() as AddressInfo).port}`,
    ]);
    hostile.close();
    expect(stderr).toBe('rolebridge: x�: a�[2Jb�c\n  d�e\n  The trust policy to paste:\n{�}\n');
  });
});
