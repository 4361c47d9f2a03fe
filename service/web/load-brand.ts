import { readFileSync } from 'node:fs';
import { dirname, extname, resolve } from 'node:path';
import { z } from 'zod';
import { ConfigurationError } from '../configuration-error.js';
import { messageOf } from '../unknown-value.js';
import { type Brand, type BrandImage, defaultBrand } from './brand.js';

const color = z
  .string()
  .regex(/^#[0-9a-fA-F]{6}$/, 'must be a color such as #2456e6')
  .transform((text) => text.toLowerCase());
const httpsUrl = z.url({ protocol: /^https$/, error: 'must be an https URL' });
/** Also `http://localhost`, for development. */
const returnUrl = z.url({ error: 'must be a URL' }).refine((url) => {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || hostname === 'localhost' || hostname === '127.0.0.1';
}, 'must be an https URL');

/** An origin as browsers write it, without a path. */
const origin = returnUrl.refine(
  (url) => URL.canParse(url) && new URL(url).origin === url,
  'must be an origin such as https://app.example.com, without a path',
);

/** The schema of a brand file. Paths of images are relative to it. */
const brandFile = z.strictObject({
  name: z.string().trim().min(1).max(60),
  platform: z.string().trim().min(1).max(40).default(defaultBrand.platform),
  logo: z.string().min(1).optional(),
  logoDark: z.string().min(1).optional(),
  favicon: z.string().min(1).optional(),
  colors: z
    .strictObject({ accent: color, onAccent: color, accentDark: color, onAccentDark: color })
    .default(defaultBrand.colors),
  links: z
    .strictObject({ help: httpsUrl.optional(), security: httpsUrl.optional(), privacy: httpsUrl.optional() })
    .default({}),
  homeUrl: returnUrl.optional(),
  returnUrls: z.array(returnUrl).max(50).default([]),
  embedOrigins: z.array(origin).max(50).default([]),
  externalIdPrefix: z
    .string()
    .regex(/^[a-z][a-z0-9]{1,9}-$/, 'must be 2 to 10 lower-case letters or digits and a dash, such as acme-')
    .default(defaultBrand.externalIdPrefix),
});

/** Reads a brand file with its images. @throws ConfigurationError that names every problem at once */
export function loadBrand(path: string): Brand {
  const problems: string[] = [];
  const parsed = brandFile.safeParse(jsonOf(path));
  if (!parsed.success)
    for (const issue of parsed.error.issues)
      problems.push(`${issue.path.map(String).join('.') || 'file'}: ${issue.message}`);
  const images: Partial<Record<'logo' | 'logoDark' | 'favicon', BrandImage>> = {};
  if (parsed.success) {
    problems.push(...contrastProblems(parsed.data.colors));
    for (const name of ['logo', 'logoDark', 'favicon'] as const) {
      const file = parsed.data[name];
      if (file === undefined) continue;
      const image = imageOf(resolve(dirname(path), file));
      if (typeof image === 'string') problems.push(`${name}: ${image}`);
      else images[name] = image;
    }
  }
  if (!parsed.success || problems.length > 0)
    throw new ConfigurationError(
      [`The brand file ${path} is not valid:`, ...problems.map((problem) => `  ${problem}`)].join('\n'),
    );
  const { logo, logoDark, favicon, ...rest } = parsed.data;
  return { ...rest, ...images };
}

function jsonOf(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ConfigurationError(
      error instanceof SyntaxError
        ? `The brand file ${path} is not JSON: ${error.message}`
        : `The brand file ${path} can't be read: ${messageOf(error)}`,
    );
  }
}

const imageTypes: Record<string, string> = {
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
};
const imageSize = 64 * 1024;

/** An image, or why it is none. */
function imageOf(path: string): BrandImage | string {
  const type = imageTypes[extname(path).toLowerCase()];
  if (type === undefined) return 'must be an .svg, .png or .ico file';
  try {
    const bytes = readFileSync(path);
    if (bytes.length > imageSize) return 'must be at most 64 kB';
    if (type === 'image/svg+xml' && /<script|\son\w+\s*=|<foreignObject/i.test(bytes.toString('utf8')))
      return 'must be an image without scripts';
    return { type, bytes };
  } catch (error) {
    return `can't be read: ${messageOf(error)}`;
  }
}

/** The surfaces of the page, from tokens.css: on them the accent is text, too. */
const surface = { light: '#ffffff', dark: '#12151c' };

/** WCAG 2.2 asks 4.5:1 of text. */
function contrastProblems(colors: Brand['colors']): string[] {
  const pairs = [
    ['colors.onAccent on colors.accent', colors.onAccent, colors.accent],
    ['colors.onAccentDark on colors.accentDark', colors.onAccentDark, colors.accentDark],
    [`colors.accent on ${surface.light}, the light page`, colors.accent, surface.light],
    [`colors.accentDark on ${surface.dark}, the dark page`, colors.accentDark, surface.dark],
  ] as const;
  return pairs.flatMap(([what, one, other]) => {
    const ratio = contrast(one, other);
    return ratio >= 4.5 ? [] : [`${what} has a contrast of ${ratio.toFixed(2)}:1; it must have 4.5:1`];
  });
}

/** https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
export function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
