import { closeSync, constants, fsyncSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { OrganizationId } from '../../domain/ids.js';
import { messageOf } from '../../unknown-value.js';
import type { StoreContext } from './context.js';
import { anchor } from './document.js';
import { ignoreMissingFile, parseJson } from './files.js';

/** The minimum state of an organization's files: detects a restored old document or log. */
const head = z.strictObject({ epoch: z.int(), sequence: z.int(), audit: anchor });
export type Head = z.infer<typeof head>;

const signedHead = z.strictObject({ head: z.string(), mac: z.string() });
const headBytes = 500;

type HeadContext = Pick<StoreContext, 'directory' | 'integrity'>;
const pathOf = ({ directory }: HeadContext, id: OrganizationId): string => join(directory, `${id}.head`);

/** Overwrites the head in place. Only the first one is synced: a loss of power leaves an older head, which is true as well. */
export function writeHead(context: HeadContext, id: OrganizationId, value: Head, isFirst: boolean): void {
  const signed = JSON.stringify(value);
  const text = JSON.stringify({ head: signed, mac: context.integrity.sign(signed) });
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW;
  withFile(pathOf(context, id), flags, (fd) => {
    writeFileSync(fd, `${text.padEnd(headBytes)}\n`);
    if (isFirst) fsyncSync(fd);
  });
  if (isFirst) withFile(context.directory, constants.O_RDONLY, fsyncSync);
}

function withFile(path: string, flags: number, work: (fd: number) => void): void {
  const fd = openSync(path, flags, 0o600);
  try {
    work(fd);
  } finally {
    closeSync(fd);
  }
}

/** @returns undefined when there is none @throws Error with a message for the operator */
export function readHead(context: HeadContext, id: OrganizationId): Head | undefined {
  const path = pathOf(context, id);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    ignoreMissingFile(error);
    return undefined;
  }
  try {
    const found = parseJson(signedHead, text);
    const fault = context.integrity.fault(found.mac, found.head);
    if (fault) throw new Error(fault);
    return parseJson(head, found.head);
  } catch (error) {
    throw new Error(`${path} can't be used: ${messageOf(error)}`);
  }
}
