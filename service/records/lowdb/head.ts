import { closeSync, constants, fsyncSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { OrganizationId } from '../../domain/ids.js';
import { messageOf } from '../../unknown-value.js';
import type { Integrity } from '../integrity.js';
import { anchor } from './document.js';
import { inForm, unlessAbsent } from './files.js';

/** The minimum state of an organization's files: detects a restored old document or log. */
const head = z.strictObject({ epoch: z.int(), sequence: z.int(), audit: anchor });
export type Head = z.infer<typeof head>;

const signedHead = z.strictObject({ head: z.string(), mac: z.string() });
const headBytes = 500;
const pathOf = (directory: string, id: OrganizationId): string => join(directory, `${id}.head`);

/** Overwritten in place. Only the first one is waited for: a loss of power leaves an older head, which is true as well. */
export function writeHead(
  directory: string,
  id: OrganizationId,
  value: Head,
  integrity: Integrity,
  isFirst: boolean,
): void {
  const signed = JSON.stringify(value);
  const text = JSON.stringify({ head: signed, mac: integrity.sign(signed) });
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW;
  withFile(pathOf(directory, id), flags, (fd) => {
    writeFileSync(fd, `${text.padEnd(headBytes)}\n`);
    if (isFirst) fsyncSync(fd);
  });
  if (isFirst) withFile(directory, constants.O_RDONLY, fsyncSync);
}

function withFile(path: string, flags: number, work: (fd: number) => void): void {
  const fd = openSync(path, flags, 0o600);
  try {
    work(fd);
  } finally {
    closeSync(fd);
  }
}

/** Undefined when there is none. @throws Error with a message for the operator */
export function readHead(directory: string, id: OrganizationId, integrity: Integrity): Head | undefined {
  let text: string;
  try {
    text = readFileSync(pathOf(directory, id), 'utf8');
  } catch (error) {
    unlessAbsent(error);
    return undefined;
  }
  try {
    const found = inForm(signedHead, text);
    const fault = integrity.fault(found.mac, found.head);
    if (fault) throw new Error(fault);
    return inForm(head, found.head);
  } catch (error) {
    throw new Error(`${pathOf(directory, id)} can't be used: ${messageOf(error)}`);
  }
}
