import { ConfigurationError, readSettings } from '../../service/settings/index.js';

const settings = {
  ROLEBRIDGE_PRINCIPAL: 'arn:aws:iam::123456789012:role/rolebridge',
  ROLEBRIDGE_SERVICE_KEYS: `k1:${Buffer.alloc(32, 1).toString('base64')}`,
};
const databaseOf = (url: string) => readSettings({ ...settings, DATABASE_URL: url }).database;

test('keeps everything in files when no database is named', () => {
  expect(readSettings(settings).database).toBeUndefined();
  expect(databaseOf('')).toBeUndefined();
});

test.each([
  'postgres://me:secret@localhost:5432/rolebridge',
  'postgresql://me:secret@127.0.0.1/rolebridge',
  'postgres://me:secret@[::1]/rolebridge',
  'postgres:///rolebridge?host=/var/run/postgresql',
  'postgres://me:secret@db.example/rolebridge?sslmode=verify-full&sslrootcert=/etc/ca.pem',
  'postgres://me:secret@db.internal/rolebridge?sslmode=disable',
])('accepts %s', (url) => {
  expect(databaseOf(url)).toEqual({ url, maxSessions: 10 });
});

test.each([
  ['mysql://me:secret@localhost/rolebridge', 'must be a URL: postgres://'],
  ['localhost:5432', 'must be a URL: postgres://'],
  ['postgres://me:sec ret@[localhost/rolebridge', 'must be a URL: postgres://'],
  ['postgres://me:secret@db.example/rolebridge', 'without TLS'],
  ['postgres://me:secret@10.0.0.7/rolebridge', 'without TLS'],
  ['postgres://me:secret@localhost,db.example/rolebridge', 'without TLS'],
])('rejects %s without printing the password', (url, message) => {
  expect(() => databaseOf(url)).toThrow(ConfigurationError);
  expect(() => databaseOf(url)).toThrow(message);
  expect(() => databaseOf(url)).not.toThrow(/secret|sec ret/);
});
