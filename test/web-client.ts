/** A browser without scripts, as far as the pages need one: a cookie, forms, redirects. */

export interface WebPage {
  readonly status: number;
  readonly url: string;
  readonly text: string;
  readonly headers: Headers;
}

export function openWebClient(url: string, language = 'en') {
  const cookies = new Map<string, string>();
  const cookieText = () => [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  let token = '';

  async function ask(
    method: string,
    path: string,
    init: { headers?: Record<string, string>; body?: string } = {},
  ) {
    let address = absolute(path, url);
    let request: RequestInit = { ...init, method };
    for (let hops = 0; hops < 5; hops++) {
      const response = await fetch(address, {
        ...request,
        redirect: 'manual',
        headers: {
          'accept-language': language,
          ...(request.headers as Record<string, string>),
          ...(cookies.size > 0 && { cookie: cookieText() }),
        },
      });
      for (const set of response.headers.getSetCookie()) {
        const [name = '', value = ''] = (set.split(';')[0] ?? '').split('=');
        if (value === '') cookies.delete(name);
        else cookies.set(name, value);
      }
      const location = response.headers.get('location');
      if (response.status === 303 && location !== null) {
        await response.arrayBuffer();
        address = new URL(location, address).href;
        request = { method: 'GET' };
        continue;
      }
      const text = await response.text();
      token = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? token;
      return { status: response.status, url: address.slice(url.length), text, headers: response.headers };
    }
    throw new Error(`${path} redirects without end.`);
  }

  return {
    cookieText,
    /** The session's secret. */
    get secret() {
      return cookies.get('rolebridge') ?? '';
    },
    /** A thief of the secret. */
    stealFrom(other: { readonly secret: string }) {
      cookies.set('rolebridge', other.secret);
    },
    get token() {
      return token;
    },
    get: (path: string, headers: Record<string, string> = {}): Promise<WebPage> =>
      ask('GET', path, { headers }),
    /** Sends a form as a page of the site would; `headers` change the origin headers of a browser. */
    post: (
      path: string,
      fields: Record<string, string | readonly string[]> = {},
      headers: Record<string, string> = {},
    ): Promise<WebPage> =>
      ask('POST', path, {
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'sec-fetch-site': 'same-origin',
          origin: new URL(url).origin,
          ...headers,
        },
        body: new URLSearchParams(
          Object.entries({ csrf: token, ...fields }).flatMap(([name, values]) =>
            [values].flat().map((value): [string, string] => [name, value]),
          ),
        ).toString(),
      }),
    async signIn(apiKey: string): Promise<WebPage> {
      await this.get('/sign-in');
      return this.post('/sign-in', { apiKey });
    },
    async signInWithLink(link: string): Promise<WebPage> {
      await this.get(link);
      return this.post('/sign-in/link', { token: new URL(link, url).searchParams.get('token') ?? '' });
    },
  };
}

export type WebClient = ReturnType<typeof openWebClient>;

/** A path of the site, which may be below a path itself; a link that a page has is whole. */
const absolute = (path: string, site: string) =>
  path.startsWith('/') && !path.startsWith(`${new URL(site).pathname.replace(/\/$/, '')}/`)
    ? site + path
    : new URL(path, site).href;

/** The words that a reader sees. */
export const wordsOf = (page: WebPage): string =>
  page.text
    .replace(/<(script|style)[\s\S]*?<\/\1>/g, ' ')
    // Colors of code are no words of their own.
    .replace(/<pre[\s\S]*?<\/pre>/g, (code) => ` ${code.replace(/<[^>]+>/g, '')} `)
    .replace(/<wbr\/>/g, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/&#39;/g, "'")
    .replace(/&quot;/g, '"')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&')
    .replace(/\s+/g, ' ');
