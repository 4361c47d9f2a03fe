import { randomBytes } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

export const newWebhookSecret = () => `whsec_${randomBytes(32).toString('base64')}`;

export interface Received {
  readonly id: string;
  readonly headers: IncomingHttpHeaders;
  readonly raw: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at messages member by member.
  readonly body: any;
}

/** An endpoint of the vendor, over real HTTP: it accepts messages that the Standard Webhooks library accepts, and can misbehave. */
export async function startWebhookReceiver() {
  const secret = newWebhookSecret();
  const received: Received[] = [];
  const refused: string[] = [];
  const receiver = {
    url: '',
    secret,
    /** Accepted as signed, in the order of their coming. */
    received,
    refused,
    /** @default 204 */
    answer: (response: ServerResponse, _message: Received): void => void response.writeHead(204).end(),
    of: (connectionId: string) => received.filter(({ body }) => body.data.connectionId === connectionId),
    /** The types of a connection's messages, each message once. */
    types: (connectionId: string) => [
      ...new Map(
        received
          .filter(({ body }) => body.data.connectionId === connectionId)
          .map(({ id, body }) => [id, body.type as string]),
      ).values(),
    ],
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks).toString();
    const id = String(request.headers['webhook-id']);
    try {
      // The tolerance is not looked at here: tests let time pass.
      const { 'webhook-timestamp': timestamp, 'webhook-signature': signatures } = request.headers;
      const expected = new Webhook(receiver.secret).sign(id, new Date(Number(timestamp) * 1000), raw);
      if (!String(signatures).split(' ').includes(expected)) throw new Error('not signed with the secret');
    } catch (error) {
      refused.push(String(error));
      response.writeHead(401).end();
      return;
    }
    const message = { id, headers: request.headers, raw, body: JSON.parse(raw) };
    received.push(message);
    receiver.answer(response, message);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`;
  return receiver;
}

export type WebhookReceiver = Awaited<ReturnType<typeof startWebhookReceiver>>;
