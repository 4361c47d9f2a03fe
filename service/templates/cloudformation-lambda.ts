import { builtCallback } from './built-callback.js';

/** Registers the role when the stack is created or changed, and deregisters it when the stack goes. */
export const callbackFunction = (): string => builtCallback('lambda-callback');

/** Gets the account a connection before its role is created. */
export const enrollmentFunction = (): string => builtCallback('lambda-enrollment');
