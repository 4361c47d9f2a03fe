import { z } from 'zod';
import { keysOf } from '../domain/keys-of.js';
import {
  type MessageType,
  messageData,
  messageTypes,
  serviceMessageData,
  testMessageData,
} from '../domain/webhook-message.js';

function dataOf(type: MessageType) {
  if (type === 'webhook.test') return testMessageData;
  return type.startsWith('service.') ? serviceMessageData : messageData;
}

/** Each type of message that the service sends to the vendor's endpoints. */
export const statusMessages = keysOf(messageTypes).map((type) => ({
  type,
  summary: messageTypes[type],
  schema: z.object({
    type: z.literal(type),
    timestamp: z.iso.datetime(),
    data: dataOf(type),
  }),
}));
