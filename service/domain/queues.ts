/** The stored queues: jobs about connections, and messages to webhook endpoints. */
import type { OrganizationId } from './ids.js';
import type { Job } from './job.js';
import type { NextDelivery, OutboxMessage } from './outbox-message.js';
import type { Quota } from './quotas.js';
import type { WebhookEndpoint } from './webhook-endpoint.js';

export interface LeaseRequest {
  readonly now: string;
  readonly leaseUntil: string;
  readonly limit: number;
  /** The keys of rows to leave: the caller still works on them. */
  readonly except?: ReadonlySet<string>;
}

export interface JobQueue {
  /** Leases due jobs, the longest due first. No other caller gets a job before its lease ends or it is completed. */
  leaseJobs(request: LeaseRequest): Promise<Job[]>;
  /** Reschedules a leased job, or (undefined) deletes it. A job that was replaced or canceled meanwhile stays as it is. */
  completeJob(leased: Job, next: { dueAt: string; attempts: number } | undefined): Promise<void>;
  /** Makes revocation checks due now that are scheduled after `latest`: the clock was ahead. */
  hastenRevocationChecks(latest: string, now: string): Promise<void>;
  /** The time at which the next job is due. */
  nextJobAt(): Promise<string | undefined>;
}

/** A page of an endpoint's deliveries, newest first. */
export interface DeliveryPage {
  readonly endpoint: string;
  readonly limit: number;
  readonly status?: 'pending' | 'delivered' | 'failed' | undefined;
  /** The earliest creation time. */
  readonly since?: string | undefined;
  /** The last delivery of the previous page, of any endpoint. */
  readonly after?: Pick<OutboxMessage, 'id' | 'endpoint'> | undefined;
}

export interface WebhookEndpoints {
  saveWebhookEndpoint(endpoint: WebhookEndpoint, quotas?: readonly Quota[]): Promise<void>;
  webhookEndpoint(id: string): Promise<WebhookEndpoint | undefined>;
  /** Oldest first. */
  webhookEndpoints(organizationId: OrganizationId): Promise<WebhookEndpoint[]>;
  /** @returns the changed endpoint, or undefined when it doesn't exist */
  changeWebhookEndpoint(
    endpoint: Pick<WebhookEndpoint, 'id' | 'organizationId'>,
    change: (stored: WebhookEndpoint) => WebhookEndpoint,
  ): Promise<WebhookEndpoint | undefined>;
  deleteWebhookEndpoint(endpoint: WebhookEndpoint): Promise<void>;
}

/** How long finished deliveries can be listed and replayed, and about how many of one organization. */
export const keptDeliveries = { days: 7, count: 500 } as const;
/** The earliest creation time of a kept delivery. */
export const oldestDeliveryAt = (nowMs: number): string =>
  new Date(nowMs - keptDeliveries.days * 86_400_000).toISOString();

export interface Outbox {
  /** Like {@link JobQueue.leaseJobs}. */
  leaseMessages(request: LeaseRequest): Promise<OutboxMessage[]>;
  /** Reschedules a leased message, finishes it (it is kept for {@link keptDeliveries}), or (undefined) deletes it. */
  completeMessage(leased: OutboxMessage, next: NextDelivery | undefined): Promise<void>;
  deliveries(page: DeliveryPage): Promise<{ deliveries: OutboxMessage[]; hasMore: boolean }>;
  delivery(endpoint: string, id: string): Promise<OutboxMessage | undefined>;
  /** Makes a finished message due again, with no attempts. @returns false when it is pending or deleted */
  replayMessage(message: OutboxMessage, now: string): Promise<boolean>;
  /** The oldest pending message to the same endpoint about the same connection. */
  firstMessage(message: OutboxMessage): Promise<OutboxMessage | undefined>;
  /** Makes pending messages of an endpoint, or (undefined) of all, due now: it works again. */
  hastenMessages(endpoint: string | undefined, now: string): Promise<void>;
  /** The time at which the next message is due. */
  nextMessageAt(): Promise<string | undefined>;
}
