/** A separate process for test/slow/store-file.test.ts: opens the store and, on request, writes endlessly. */
import { openFileStore } from '../../service/records/open.js';
import { aConnection, anOrganization, intent } from './records.js';

async function main(directory: string, task: string): Promise<void> {
  const store = await openFileStore({ directory });
  process.stdout.write('open\n');
  if (task === 'hold') {
    setInterval(() => {}, 1000);
    return;
  }
  const organizations = [anOrganization(), anOrganization()];
  for (const organization of organizations) await store.createOrganization(organization);
  const write = async (number: number): Promise<void> => {
    const { id } = organizations[number % 2] as (typeof organizations)[number];
    for (;;) {
      const next = aConnection(id);
      await store.commit({ connection: { next, ifVersion: null, intent } });
      const renamed = { ...next, name: 'renamed', version: 2 };
      await store.commit({ connection: { next: renamed, ifVersion: 1, intent } });
      process.stdout.write(`${id} ${next.id}\n`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, number) => write(number)));
}

const [, , directory = '', task = ''] = process.argv;
main(directory, task).catch((error) => {
  process.stderr.write(`${error}\n`);
  process.exitCode = 1;
});
