import { connect } from 'node:net';
import { together } from './measure.js';
import { serve } from './processes.js';

/** The requests to send. They repeat until the time is over. */
export interface Load {
  readonly url: string;
  /** Whole HTTP requests, as bytes on the wire. */
  readonly requests: readonly string[];
  readonly atOnce: number;
  readonly count?: number;
  readonly durationMs?: number;
}

const handlers = { load };
export type LoadHandlers = typeof handlers;
serve(handlers);

/** HTTP/1.1 on bare sockets: a generator that costs more than a server would measure itself. */
async function load({ url, requests, atOnce, ...until }: Load) {
  const { hostname, port } = new URL(url);
  const texts = requests.map((request) => Buffer.from(request));
  const clients = await Promise.all(
    Array.from({ length: atOnce }, () => openConnection(hostname, Number(port))),
  );
  const cpu = process.cpuUsage();
  const result = await together(atOnce, until, async (index, worker) => {
    const answer = await clients[worker]?.send(texts[index % texts.length] as Buffer);
    if (!answer?.startsWith('HTTP/1.1 200 ')) throw new Error(`Not a 200: ${answer}`);
  });
  const { user, system } = process.cpuUsage(cpu);
  for (const client of clients) client.close();
  return { ...result, cpuShare: (user + system) / 1000 / result.elapsedMs };
}

function openConnection(host: string, port: number) {
  const socket = connect({ host, port, noDelay: true });
  let received: Buffer = Buffer.alloc(0);
  let settle: { resolve: (answer: string) => void; reject: (error: Error) => void } | undefined;

  socket.on('data', (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    const headEnd = received.indexOf('\r\n\r\n');
    if (headEnd === -1) return;
    const head = received.toString('latin1', 0, headEnd);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN);
    if (Number.isNaN(length)) return socket.destroy(new Error(`An answer without a length: ${head}`));
    if (received.length < headEnd + 4 + length) return;
    const isGood = head.startsWith('HTTP/1.1 200 ');
    const answer = isGood ? head : received.toString();
    received = Buffer.alloc(0);
    settle?.resolve(answer);
  });
  socket.on('error', (error) => settle?.reject(error));
  socket.on('close', () => settle?.reject(new Error('The server closed the connection.')));

  const connection = {
    send: (request: Buffer) =>
      new Promise<string>((resolve, reject) => {
        settle = { resolve, reject };
        socket.write(request);
      }),
    close: () => void socket.destroy(),
  };
  return new Promise<typeof connection>((resolve, reject) => {
    socket.once('connect', () => resolve(connection));
    socket.once('error', reject);
  });
}
