/** A setting is wrong; the message names every one at once. */
export class ConfigurationError extends Error {}
