import { accessKeysContract } from './access-keys.js';
import { apiKeysContract } from './api-keys.js';
import { auditContract } from './audit.js';
import { answeredRequestsContract, callbacksContract } from './callbacks.js';
import { connectionsContract } from './connections.js';
import { jobsContract } from './jobs.js';
import { outboxContract } from './outbox.js';
import { type OpenedStore, Subject } from './subject.js';
import { tokensContract } from './tokens.js';
import { wholeContract } from './whole.js';

export type { OpenedStore } from './subject.js';

/** The contract of every store. */
export function storeContract(name: string, openStore: () => Promise<OpenedStore>): void {
  describe(`${name} as a store`, () => {
    const on = new Subject(openStore);
    describe('whole', () => wholeContract(on));
    describe('connections', () => connectionsContract(on));
    describe('connections with an access key', () => accessKeysContract(on));
    describe('callbacks', () => callbacksContract(on));
    describe('idempotency keys', () => answeredRequestsContract(on));
    describe('organizations and API keys', () => apiKeysContract(on));
    describe('audit log', () => auditContract(on));
    describe('jobs', () => jobsContract(on));
    describe('messages', () => outboxContract(on));
    describe('tokens', () => tokensContract(on));
  });
}
