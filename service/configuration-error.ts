/** Invalid settings; the message names all of them. */
export class ConfigurationError extends Error {}
