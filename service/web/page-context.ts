import { createContext, useContext } from 'hono/jsx';
import type { Operator } from '../domain/operator.js';
import type { Assets } from './assets.js';
import type { Brand } from './brand.js';
import type { WebSession } from './session.js';
import type { Texts } from './texts/index.js';

/** Context of every component, so that views don't pass it along. */
export interface PageContext {
  readonly texts: Texts;
  readonly language: string;
  readonly brand: Brand;
  readonly assets: Assets;
  /** The path that the site is mounted at: empty, or `/connect`. */
  readonly base: string;
  /** Not empty: the page is embedded, by one of these. */
  readonly embedOrigins: readonly string[];
  /** The path that was asked for, below the site's. */
  readonly path: string;
  readonly session?: WebSession | undefined;
  readonly operator?: { readonly csrfToken: string; readonly operator: Operator } | undefined;
  /** The time since when verdicts are on hold. */
  readonly degradedSince?: string | undefined;
  readonly organizationName?: string | undefined;
  /** Display names of declared targets, by the key of their scope. */
  readonly targetNames?: ReadonlyMap<string, string> | undefined;
  /** Milliseconds since the epoch: relative times count from here. */
  readonly now: number;
  /** Receives the page's title from its heading. */
  readonly setTitle: (title: string) => void;
}

// biome-ignore lint/suspicious/noExplicitAny: no component is rendered outside of a page.
export const PageContextProvider = createContext<PageContext>(undefined as any);

/** Components are called while a page is rendered, never at another time. */
export const usePage = (): PageContext => useContext(PageContextProvider);

export const useTexts = (): Texts => usePage().texts;
