/** The brand of the pages: the vendor's name, mark, colors, links and words. */
export interface Brand {
  readonly name: string;
  /** The vendor's product in a sentence, such as "platform". */
  readonly platform: string;
  readonly colors: BrandColors;
  /** An image that stands for the vendor; without one there is a neutral mark. */
  readonly logo?: BrandImage | undefined;
  readonly logoDark?: BrandImage | undefined;
  readonly favicon?: BrandImage | undefined;
  readonly links: {
    readonly help?: string | undefined;
    readonly security?: string | undefined;
    readonly privacy?: string | undefined;
  };
  /** The target of "Back to NAME" for a sign-in link without a return URL. */
  readonly homeUrl?: string | undefined;
  /** A link can return only to these addresses and those below them. */
  readonly returnUrls: readonly string[];
  /** Pages of these origins, and no others, may embed the site. */
  readonly embedOrigins: readonly string[];
  /** The prefix of new external IDs. */
  readonly externalIdPrefix: string;
}

export interface BrandColors {
  readonly accent: string;
  readonly onAccent: string;
  readonly accentDark: string;
  readonly onAccentDark: string;
}

export interface BrandImage {
  readonly type: string;
  readonly bytes: Buffer;
}

export const defaultBrand: Brand = {
  name: 'Rolebridge',
  platform: 'platform',
  colors: { accent: '#2456e6', onAccent: '#ffffff', accentDark: '#8fadff', onAccentDark: '#0a1020' },
  links: {},
  returnUrls: [],
  embedOrigins: [],
  externalIdPrefix: 'rb-',
};

/** The four variables that every other color derives from. */
export const brandStyle = ({ accent, onAccent, accentDark, onAccentDark }: BrandColors): string =>
  `:root{--brand-accent:${accent};--brand-on-accent:${onAccent};--brand-accent-dark:${accentDark};--brand-on-accent-dark:${onAccentDark}}\n`;

/** True for an address of the list, and for those below it. */
export function isReturnUrl({ returnUrls, homeUrl }: Brand, url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { origin, pathname, username, password } = new URL(url);
  if (username !== '' || password !== '') return false;
  return [...returnUrls, ...(homeUrl ? [homeUrl] : [])].some((allowed) => {
    const { origin: allowedOrigin, pathname: allowedPath } = new URL(allowed);
    const folder = allowedPath.endsWith('/') ? allowedPath : `${allowedPath}/`;
    return origin === allowedOrigin && (pathname === allowedPath || pathname.startsWith(folder));
  });
}
