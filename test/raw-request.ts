import { connect } from 'node:net';

/** Bytes as they are to the service; the answer as it came, once the service has closed the connection. */
export function rawRequest(url: string, ...parts: (string | Buffer)[]): Promise<string> {
  const { port } = new URL(url);
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(Number(port), '127.0.0.1', () => {
      for (const part of parts) socket.write(part);
    });
    socket.on('data', (data) => {
      text += data.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
  });
}
