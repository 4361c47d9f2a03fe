/** Faults of PostgreSQL and of the service under load. Each throws when something was lost. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PostgresServer } from './index.js';
import { type Answered, startLoad, wentWrong } from './load.js';
import type { ServiceProcess, VendorOnDatabase } from './service-processes.js';

export interface Stage {
  readonly server: PostgresServer;
  readonly databaseUrl: string;
  readonly vendor: VendorOnDatabase;
  /** The process that is asked; a fault that ends it puts another in its place. */
  process: ServiceProcess;
}

/** The result, for people. */
export interface FaultReport {
  readonly answers: number;
  readonly refused: number;
  readonly slowestMs: number;
  /** From the moment when the database was back to the first answer. */
  readonly recoveredAfterMs: number;
  readonly connections: number;
  readonly changes: number;
}

/** The statement's limit and the driver's second, the wait for a session, and time for the machine. */
const longestAnswerMs = 15_000;

/** Stopped as an administrator stops it and started again, under load: 503 meanwhile, and automatic recovery. */
export const stopUnderLoad = (stage: Stage, downMs = 1_000): Promise<FaultReport> =>
  interrupt(stage, downMs, {
    begin: () => stage.server.stop(),
    end: () => stage.server.start(),
  });

/** It takes connections and says nothing, as behind a network that swallows packets. */
export const silenceUnderLoad = (stage: Stage, downMs = 12_000): Promise<FaultReport> =>
  interrupt(stage, downMs, {
    begin: () => stage.server.pause(),
    end: () => stage.server.proceed(),
  });

/** Every process of PostgreSQL killed at a random moment under 32 writers. */
export const killDatabase = (stage: Stage): Promise<FaultReport> =>
  interrupt(
    stage,
    0,
    {
      begin: () => stage.server.kill(),
      end: () => stage.server.start(),
    },
    { writers: 32, readers: 0 },
  );

/** The service killed at a random moment under 32 writers; the next one has everything acknowledged. */
export const killService = (stage: Stage): Promise<FaultReport> =>
  interrupt(
    stage,
    0,
    {
      async begin() {
        stage.process.child.kill('SIGKILL');
        await stage.process.ended;
      },
      async end() {
        stage.process = await stage.vendor.startProcess();
      },
    },
    { writers: 32, readers: 0 },
  );

async function interrupt(
  stage: Stage,
  downMs: number,
  fault: { begin(): Promise<void>; end(): Promise<void> },
  workers = { writers: 24, readers: 8 },
): Promise<FaultReport> {
  const { vendor, databaseUrl } = stage;
  const killed = stage.process;
  const load = await startLoad(vendor, () => stage.process, workers);
  let backAtMs = Number.POSITIVE_INFINITY;
  const isBack = (answer: Answered) => isDone(answer) && answer.atMs - answer.tookMs >= backAtMs;
  try {
    await until(() => load.answers.some(isDone), 'The service does nothing.');
    await sleep(Math.random() * 500);
    await fault.begin();
    await sleep(downMs);
    await fault.end();
    backAtMs = Date.now();
    await until(() => load.answers.some(isBack), 'The service did not recover.');
  } finally {
    await load.end();
  }

  // Clients of a killed process have no answer.
  const wrong = load.answers.filter(
    (answer) => wentWrong(answer) && (answer.status !== undefined || stage.process === killed),
  );
  if (wrong.length > 0) throw new Error(`${wrong.length} wrong answers, such as ${JSON.stringify(wrong[0])}`);
  const slowestMs = Math.max(...load.answers.map(({ tookMs }) => tookMs));
  if (slowestMs > longestAnswerMs) throw new Error(`A caller waited ${Math.round(slowestMs)} ms.`);
  return {
    answers: load.answers.length,
    refused: load.answers.filter(({ status }) => status === 503).length,
    slowestMs: Math.round(slowestMs),
    recoveredAfterMs: (load.answers.find(isBack)?.atMs ?? Number.NaN) - backAtMs,
    ...(await load.expectNothingLost(databaseUrl)),
  };
}

const isDone = ({ kind, status }: Answered): boolean =>
  (kind === 'create' && status === 201) || (kind === 'rename' && status === 200);

async function until(isTrue: () => boolean, otherwise: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error(otherwise);
    await sleep(20);
  }
}
