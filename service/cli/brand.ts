import { contrast, loadBrand } from '../web/load-brand.js';
import type { Terminal } from './terminal.js';

/** Reads a brand file as the service does at its start. @throws ConfigurationError */
export function checkBrand(file: string, { stdout }: Terminal): void {
  const { name, colors, returnUrls, externalIdPrefix, logo, favicon } = loadBrand(file);
  const ratio = (one: string, other: string) => `${contrast(one, other).toFixed(1)}:1`;
  stdout.write(
    `${[
      `${name}: valid.`,
      `  contrast of text on the accent: ${ratio(colors.onAccent, colors.accent)} light, ${ratio(colors.onAccentDark, colors.accentDark)} dark`,
      `  logo: ${logo ? logo.type : 'none'}; favicon: ${favicon ? favicon.type : 'none'}`,
      `  external IDs begin with ${externalIdPrefix}`,
      `  links may lead back to: ${returnUrls.join(', ') || 'nowhere'}`,
    ].join('\n')}\n`,
  );
}
