import { openWebClient, type WebClient } from '../web-client.js';
import { type Measurement, median } from './measure.js';
import { startChild } from './processes.js';
import type { ServiceHandlers } from './service-process.js';

const connections = 1_000;
/** The time limit of a page. */
const goalMs = 10;
const warmUps = 30;
const rounds = 60;

/** Each page of the site at 1,000 connections, from the request to the last byte of the answer, against the limit of a page. */
export async function measurePages(directory: string): Promise<Measurement[]> {
  const service = startChild<ServiceHandlers>(new URL('./service-process.ts', import.meta.url));
  try {
    const { url, apiKeys } = await service.call('start', {
      pending: [],
      sts: { endpoint: 'http://127.0.0.1:9', key: { accessKeyId: 'none', secretAccessKey: 'none' } },
      principal: 'arn:aws:iam::123456789012:user/rolebridge',
      directory,
      organizations: 1,
      connectionsEach: connections,
    });
    const browser = openWebClient(url);
    const list = await browser.signIn(apiKeys[0] as string);
    const id = /\/connections\/(con_[a-z2-7]{24})/.exec(list.text)?.[1];
    const next = /href="([^"]+)" rel="next"/.exec(list.text)?.[1];
    if (id === undefined || next === undefined)
      throw new Error('The list has no connection or no second page.');
    const pages: Record<string, string> = {
      'the list': '/connections',
      'its second page': next,
      'a search that finds the last': `/connections?q=connection+${connections - 1}`,
      'a search that finds nothing': '/connections?q=nothing+at+all',
      'new connection': '/connections/new',
      'access key': '/connections/new/access-key',
      'a connection': `/connections/${id}`,
      'the way to a role': `/connections/${id}/setup?step=role`,
      'the role as CDKTF': `/connections/${id}/setup?step=role&format=cdktf`,
      'the role as Terraform': `/connections/${id}/setup?step=role&format=terraform`,
      'the role as CloudFormation': `/connections/${id}/setup?step=role&format=cloudformation`,
      'the role for the AWS CLI': `/connections/${id}/setup?step=role&format=aws-cli`,
      scope: `/connections/${id}/scope`,
      'rotate the external ID': `/connections/${id}/rotate`,
      delete: `/connections/${id}/delete`,
    };
    const measurements: Measurement[] = [];
    for (const [name, path] of Object.entries(pages))
      measurements.push(await measurePage(browser, `${name}, 1,000 connections`, path, goalMs));
    return measurements;
  } finally {
    service.stop();
  }
}

/** From the request to the last byte of the answer. */
export async function measurePage(
  browser: WebClient,
  name: string,
  path: string,
  limitMs: number,
): Promise<Measurement> {
  const took: number[] = [];
  for (let round = -warmUps; round < rounds; round++) {
    const startedAt = performance.now();
    const { status } = await browser.get(path);
    if (status !== 200) throw new Error(`${path} was answered ${status}.`);
    if (round >= 0) took.push(performance.now() - startedAt);
  }
  return {
    name: `page: ${name}, against its limit`,
    unit: 'ms',
    ours: median(took),
    baseline: limitMs,
    goal: { atMost: 1 },
  };
}
