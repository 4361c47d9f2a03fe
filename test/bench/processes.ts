import { type ChildProcess, fork } from 'node:child_process';

// biome-ignore lint/suspicious/noExplicitAny: each handler names its argument's type.
type Handlers = Record<string, (argument: any) => Promise<unknown>>;
type Reply = { readonly result: unknown } | { readonly error: string };

/** A separate process that answers calls, one at a time. */
export interface Child<Served extends Handlers> {
  call<Name extends keyof Served & string>(
    name: Name,
    argument: Parameters<Served[Name]>[0],
  ): Promise<Awaited<ReturnType<Served[Name]>>>;
  stop(): void;
}

/** Starts `file`, which has to call `serve`. Measured and measuring code never share an event loop. */
export function startChild<Served extends Handlers>(file: URL): Child<Served> {
  return childOf(fork(file, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }));
}

export function childOf<Served extends Handlers>(child: ChildProcess): Child<Served> {
  return {
    call: (name, argument) =>
      replyOf(child, name, argument) as Promise<Awaited<ReturnType<Served[typeof name]>>>,
    stop: () => void child.kill('SIGKILL'),
  };
}

function replyOf(child: ChildProcess, name: string, argument: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = () => reject(new Error(`The process ended during "${name}".`));
    child.once('exit', ended);
    child.once('message', (reply: Reply) => {
      child.off('exit', ended);
      if ('error' in reply) reject(new Error(reply.error));
      else resolve(reply.result);
    });
    child.send({ name, argument });
  });
}

/** The other end, in the child. */
export function serve(handlers: Handlers, { endsWithParent = true } = {}): void {
  process.on('message', async ({ name, argument }: { name: string; argument: unknown }) => {
    const reply: Reply = await Promise.resolve(handlers[name]?.(argument)).then(
      (result) => ({ result }),
      (error: Error) => ({ error: error.stack ?? String(error) }),
    );
    process.send?.(reply);
  });
  if (endsWithParent) process.once('disconnect', () => process.exit(0));
}
