import { z } from 'zod';
import { keysOf } from '../domain/keys-of.js';
import {
  type MessageType,
  messageData,
  messageTypes,
  serviceMessageData,
} from '../domain/webhook-message.js';

const ofService = (type: MessageType) => type.startsWith('service.');

/** Each type of message that the service sends to the vendor's endpoints. */
export const statusMessages = keysOf(messageTypes).map((type) => ({
  type,
  summary: messageTypes[type],
  schema: z.object({
    type: z.literal(type),
    timestamp: z.iso.datetime(),
    data: ofService(type) ? serviceMessageData : messageData,
  }),
}));
