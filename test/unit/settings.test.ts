/** The service's settings, as an operator writes them into the environment. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigurationError, readSettings, unknownSettings } from '../../service/settings/index.js';
import { type SettingRow, settingTable } from '../../service/settings/table.js';
import { settingsPage } from '../docs/settings.js';

const rows: [string, SettingRow][] = Object.entries(settingTable);
const key = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const required = {
  ROLEBRIDGE_PRINCIPAL: 'arn:aws:iam::111122223333:role/rolebridge',
  ROLEBRIDGE_SERVICE_KEYS: key('k1'),
};
/** A valid value of each secret setting. */
const secrets: Record<string, string> = {
  ROLEBRIDGE_SERVICE_KEYS: required.ROLEBRIDGE_SERVICE_KEYS,
  ROLEBRIDGE_ENCRYPTION_KEYS: key('e1'),
  ROLEBRIDGE_OPERATOR_TOKEN: randomBytes(32).toString('hex'),
  ROLEBRIDGE_METRICS_TOKEN: randomBytes(32).toString('hex'),
  ROLEBRIDGE_WEBHOOK_SECRETS: `whsec_${randomBytes(32).toString('base64')}`,
  DATABASE_URL: 'postgres://rolebridge:s3cret@localhost/rolebridge',
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rolebridge-settings-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** With what else the setting needs to be used. */
const whole = (given: Record<string, string>): Record<string, string> => ({
  ...required,
  ...('ROLEBRIDGE_WEBHOOK_SECRETS' in given || 'ROLEBRIDGE_WEBHOOK_SECRETS_FILE' in given
    ? { ROLEBRIDGE_WEBHOOK_ENDPOINTS: 'https://vendor.example/hooks' }
    : {}),
  ...given,
});

test('docs/settings.md matches `npm run docs`', () => {
  expect(readFileSync('docs/settings.md', 'utf8')).toBe(settingsPage());
});

test('every setting documents its default', () => {
  expect(
    rows.filter(([, row]) => [row.required, row.default, row.unset].filter(Boolean).length !== 1),
  ).toEqual([]);
});

test.each(rows.filter(([, row]) => row.default !== undefined))(
  'the documented default of %s is accepted and changes nothing',
  (name, row) => {
    expect(readSettings({ ...required, [name]: row.default })).toEqual(readSettings(required));
  },
);

test.each(rows.filter(([, { secret }]) => secret).map(([name]) => name))(
  '%s is read from a file, too, but not from both',
  (name) => {
    const file = join(folder, name);
    writeFileSync(file, `${secrets[name]}\n`);
    const { [name]: _, ...others } = whole({ [name]: secrets[name] ?? '' });
    const fromFile = readSettings({ ...others, [`${name}_FILE`]: file });
    expect(fromFile).toEqual(readSettings({ ...others, [name]: secrets[name] }));
    expect(() => readSettings({ ...others, [name]: secrets[name], [`${name}_FILE`]: file })).toThrow(
      `${name}_FILE: is set beside ${name}: set one of them`,
    );
    expect(() => readSettings({ ...others, [`${name}_FILE`]: join(folder, 'none') })).toThrow(
      `${name}_FILE: can't be read: ENOENT`,
    );
  },
);

test('all problems are reported together, including contradictions, without secrets', () => {
  const secret = 'short-but-secret';
  const message = messageOf({
    ROLEBRIDGE_PORT: '80a',
    ROLEBRIDGE_OPERATOR_TOKEN: secret,
    ROLEBRIDGE_LOG_LEVEL: 'loud',
    ROLEBRIDGE_WEBHOOK_ENDPOINTS: 'http://vendor.example/hooks',
  });
  for (const name of [
    'PRINCIPAL',
    'SERVICE_KEYS',
    'PORT',
    'OPERATOR_TOKEN',
    'LOG_LEVEL',
    'WEBHOOK_SECRETS',
    'WEBHOOK_ENDPOINTS',
  ])
    expect(message).toContain(`\n  ROLEBRIDGE_${name}: `);
  expect(message).not.toContain(secret);
});

test('unknown settings are detected', () => {
  const given = {
    ...required,
    ROLEBRIDGE_PORTS: '1',
    ROLEBRIDGE_SERVICE_KEYS_FILE: 'x',
    ROLEBRIDGE_PORT_FILE: 'x',
  };
  expect(unknownSettings(given)).toEqual(['ROLEBRIDGE_PORTS', 'ROLEBRIDGE_PORT_FILE']);
});

function messageOf(environment: Record<string, string>): string {
  try {
    readSettings(environment);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
  throw new Error('accepted');
}
