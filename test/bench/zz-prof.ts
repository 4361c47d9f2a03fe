import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callbackMessage, provisioned } from '../callback-message.js';
import { childOf } from './processes.js';
import { requestOf, targetsOf } from './resolve.js';
import { median } from './measure.js';

const what = process.argv[2] ?? 'credentials';
const profDir = process.argv[3];
const kids: any[] = [];
function kid(file: string, prof = false) {
  const p = fork(new URL(file, import.meta.url), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv: [...process.execArgv, ...(prof && profDir ? ['--cpu-prof', `--cpu-prof-dir=${profDir}`] : []), ...(process.env.KID_ARGS?.split(' ').filter(Boolean) ?? [])] });
  kids.push(p);
  return { pid: p.pid as number, ...(childOf<any>(p) as any), p };
}
const tick = 10;
const cpu = (pid: number) => { const s = readFileSync(`/proc/${pid}/stat`, 'utf8'); const f = s.slice(s.lastIndexOf(')') + 2).split(' '); return (Number(f[11]) + Number(f[12])) * tick; };
const directory = mkdtempSync(join(tmpdir(), 'zzbench-'));
const target = JSON.stringify({ project: 'shop', environment: 'production', architecture: 'web' });
const credReq = (k: string) => `POST /v1/credentials HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${k}\r\ncontent-type: application/json\r\ncontent-length: ${target.length}\r\n\r\n${target}`;
try {
  const load = kid('./load-process.ts');
  const express = kid('./express-process.ts');
  const perRequest = async (name: string, pid: number, url: string, requests: string[], count: number) => {
    const before = cpu(pid);
    const { elapsedMs } = await load.call('load', { url, requests, atOnce: 32, count });
    return { us: ((cpu(pid) - before) * 1000) / count, rate: (count / elapsedMs) * 1000 };
  };
  if (what === 'credentials') {
    const sb = kid('./sandbox-process.ts'); const sv = kid('./service-process.ts', true);
    const { roles, principal, ...sandbox } = await sb.call('start', { roles: 1, delayMs: 0, actions: ['sts:AssumeRole', 'sts:SetSourceIdentity', 'sts:TagSession'] });
    const service = await sv.call('start', { directory, organizations: 1, connectionsEach: 0, pending: roles, pendingAreDefaults: true, sts: { endpoint: sandbox.url, key: sandbox.key }, principal });
    for (const { id, callbackSecret, roleArn, roleId } of service.pending) {
      const r = await fetch(`${service.url}/v1/callbacks`, { method: 'POST', ...callbackMessage(callbackSecret, provisioned(id, roleArn, {}, roleId)) } as any);
      if (!r.ok) throw new Error(await r.text());
    }
    const key = service.apiKeys[0];
    const body = await (await fetch(`${service.url}/v1/credentials`, { method: 'POST', headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' }, body: target })).text();
    const bare = await express.call('start', { path: '/v1/credentials', body });
    const N = 20000;
    await perRequest('w', sv.pid, service.url, [credReq(key)], N); await perRequest('w', express.pid, bare.url, [credReq(key)], N);
    const o: number[] = [], b: number[] = [], or: number[] = [], br: number[] = [];
    for (let i = 0; i < 5; i++) { const x = await perRequest('o', sv.pid, service.url, [credReq(key)], N); const y = await perRequest('b', express.pid, bare.url, [credReq(key)], N); o.push(x.us); b.push(y.us); or.push(x.rate); br.push(y.rate); }
    console.log('credentials cpu us', median(o).toFixed(1), 'express', median(b).toFixed(1), 'ratio', (median(b) / median(o)).toFixed(3), 'rate', median(or).toFixed(0), median(br).toFixed(0));
  }
  if (what === 'resolve') {
    const sizes = (process.argv[4] ?? '100,100000').split(',').map(Number);
    const shape: any = { 100: [4, 25], 10000: [20, 500], 100000: [100, 1000] };
    const svs = [];
    let requestsBare: string[] = []; let body = '';
    for (const size of sizes) {
      const sv = kid('./service-process.ts', true);
      const [organizations, connectionsEach] = shape[size];
      const service = await sv.call('start', { directory: join(directory, String(size)), organizations, connectionsEach, pending: [], sts: { endpoint: 'http://127.0.0.1:9', key: { accessKeyId: 'none', secretAccessKey: 'none' } }, principal: 'arn:aws:iam::123456789012:user/rolebridge' });
      const targets = targetsOf(connectionsEach);
      const requests = Array.from({ length: Math.min(5000, organizations * targets.length) }, (_, n) => requestOf(targets[Math.floor(n / organizations) % targets.length] as string, service.apiKeys[n % organizations]));
      requestsBare = requests;
      body = await (await fetch(`${service.url}/v1/resolve?${targets.at(-1)}`, { headers: { authorization: `Bearer ${service.apiKeys.at(-1)}` } })).text();
      svs.push({ size, sv, service, requests });
    }
    const bare = await express.call('start', { path: '/v1/resolve', body });
    const N = 25000;
    const res: any = {};
    for (let i = -1; i < 5; i++) {
      for (const { size, sv, service, requests } of svs) { const x = await perRequest('o', sv.pid, service.url, requests, N); if (i >= 0) (res[size] ??= []).push(x.us); }
      const y = await perRequest('b', express.pid, bare.url, requestsBare, N); if (i >= 0) (res.bare ??= []).push(y.us);
    }
    for (const [k, v] of Object.entries<number[]>(res)) console.log('resolve', k, 'cpu us', median(v).toFixed(1), 'ratio', (median(res.bare) / median(v)).toFixed(3));
  }
  if (what === 'callback') {
    const sb = kid('./sandbox-process.ts'); const sv = kid('./service-process.ts', true); const st = kid('./sts-process.ts');
    const N = 200;
    const { roles, principal, ...sandbox } = await sb.call('start', { roles: N * 7, delayMs: 0 });
    const sts = { endpoint: sandbox.url, key: sandbox.key };
    const service = await sv.call('start', { directory, organizations: 50, connectionsEach: 0, pending: roles, sts, principal });
    let next = 0; const atOnce = Number(process.argv[4] ?? 1);
    const go = async () => {
      const requests = service.pending.slice(next, next + N).map((c: any) => { const { headers, body } = callbackMessage(c.callbackSecret, provisioned(c.id, c.roleArn, undefined, c.roleId)); const lines = Object.entries({ host: 'bench', ...headers, 'content-length': String((body as any).length) }); return `POST /v1/callbacks HTTP/1.1\r\n${lines.map(([n, v]) => `${n}: ${v}\r\n`).join('')}\r\n${body}`; });
      next += N; const c = cpu(sv.pid);
      const { elapsedMs } = await load.call('load', { url: service.url, requests, atOnce, count: N });
      return { ms: elapsedMs / N, cpu: (cpu(sv.pid) - c) / N };
    };
    const bare = async () => { const c = cpu(st.pid); const { elapsedMs } = await st.call('verify', { ...sts, roles: roles.slice(0, N), atOnce }); return { ms: elapsedMs / N, cpu: (cpu(st.pid) - c) / N }; };
    await go(); await bare(); await go(); await bare();
    const o: any[] = [], b: any[] = [];
    for (let i = 0; i < 5; i++) { o.push(await go()); b.push(await bare()); }
    const m = (l: any[], k: string) => median(l.map((x) => x[k]));
    console.log('callback', atOnce, 'ms', m(o, 'ms').toFixed(2), m(b, 'ms').toFixed(2), (m(o, 'ms') / m(b, 'ms')).toFixed(2), 'cpu ms', m(o, 'cpu').toFixed(2), m(b, 'cpu').toFixed(2), (m(o, 'cpu') / m(b, 'cpu')).toFixed(2));
  }
} finally {
  for (const p of kids) p.disconnect();
  await new Promise((r) => setTimeout(r, 1500));
  rmSync(directory, { recursive: true, force: true });
  for (const p of kids) p.kill('SIGKILL');
}
