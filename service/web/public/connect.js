// <rolebridge-connect link="…">: the set-up inside of your app. `link` is a sign-in link that your backend has just made.
//
//   attributes   link, theme ("light", "dark"; without it, that of your page), lang, modal (in a dialog)
//   events       connected, failed, closed; `detail` has connectionId, accountId and code
(() => {
  const site = new URL('.', document.currentScript.src);
  const patienceMs = 10_000;

  const style = new CSSStyleSheet();
  style.replaceSync(`
    :host { display: block }
    :host([modal]) { display: contents }
    iframe { display: block; width: 100%; height: 24rem; border: 0; border-radius: 12px; color-scheme: normal }
    dialog { width: min(48rem, calc(100vw - 2rem)); max-width: none; max-height: calc(100dvh - 2rem); padding: 0;
      border: 0; border-radius: 16px; overflow: auto; background: Canvas; box-shadow: 0 28px 64px -16px rgb(0 0 0 / .5) }
    dialog::backdrop { background: rgb(10 14 22 / .5) }
    button { position: sticky; top: .75rem; float: right; z-index: 1; margin: .75rem .75rem -2.75rem 0; width: 2rem; height: 2rem;
      border: 0; border-radius: 8px; background: transparent; color: CanvasText; font: 1.25rem/1 system-ui; cursor: pointer }
    button:hover { background: color-mix(in srgb, CanvasText 10%, transparent) }
    @media (max-width: 40rem) {
      dialog { width: 100vw; margin: auto 0 0; border-radius: 16px 16px 0 0 }
    }`);

  /** The address inside of the frame, for a link of this site; no other address is ever framed. */
  function addressOf(link, theme, language) {
    const url = URL.canParse(link) ? new URL(link) : undefined;
    if (url?.origin !== site.origin || url.pathname !== `${site.pathname}sign-in/link`) return undefined;
    url.pathname = `${site.pathname}embedded/sign-in/link`;
    url.searchParams.set('theme', theme);
    if (language) url.searchParams.set('lang', language);
    return url.href;
  }

  /** Light or dark, by the background of the element. */
  function themeBehind(element) {
    for (let at = element.parentElement; at; at = at.parentElement) {
      const [red, green, blue, alpha = 1] = (getComputedStyle(at).backgroundColor.match(/[\d.]+/g) ?? []).map(
        Number,
      );
      if (alpha > 0.5) return 0.299 * red + 0.587 * green + 0.114 * blue < 128 ? 'dark' : 'light';
    }
    const scheme = getComputedStyle(element).colorScheme;
    const isDark = scheme.includes('dark') && matchMedia('(prefers-color-scheme: dark)').matches;
    return isDark || scheme === 'dark' ? 'dark' : 'light';
  }

  class Connect extends HTMLElement {
    static observedAttributes = ['link', 'theme'];
    #frame;
    #dialog;
    #isAnswered = false;
    #last = '';
    #timer;
    #watcher = new MutationObserver(() => this.#greet());
    #media = matchMedia('(prefers-color-scheme: dark)');
    #greet = () => this.#frame?.contentWindow?.postMessage({ connect: { theme: this.#theme } }, site.origin);
    #listen = (event) => this.#hear(event);

    get #theme() {
      const given = this.getAttribute('theme');
      return given === 'light' || given === 'dark' ? given : themeBehind(this);
    }

    connectedCallback() {
      addEventListener('message', this.#listen);
      this.#media.addEventListener('change', this.#greet);
      for (const element of [document.documentElement, document.body])
        this.#watcher.observe(element, { attributeFilter: ['class', 'style', 'data-theme'] });
      this.#show();
    }

    disconnectedCallback() {
      removeEventListener('message', this.#listen);
      this.#media.removeEventListener('change', this.#greet);
      this.#watcher.disconnect();
      this.#clear();
    }

    attributeChangedCallback(name) {
      if (!this.isConnected) return;
      if (name === 'link') this.#show();
      else this.#greet();
    }

    /** Closes the dialog, or empties the element. */
    close() {
      if (!this.#frame) return;
      this.#clear();
      this.#emit('closed');
    }

    #clear() {
      clearTimeout(this.#timer);
      this.#dialog?.close();
      this.#frame = this.#dialog = undefined;
      this.shadowRoot?.replaceChildren();
    }

    #show() {
      this.#clear();
      const link = this.getAttribute('link');
      if (!link) return;
      const address = addressOf(link, this.#theme, this.getAttribute('lang'));
      if (!address) return this.#fail('link_invalid', `link must be a sign-in link of ${site.href}.`);
      const root = this.shadowRoot ?? this.attachShadow({ mode: 'open' });
      root.adoptedStyleSheets = [style];
      this.#isAnswered = false;
      this.#frame = Object.assign(document.createElement('iframe'), {
        src: address,
        title: this.getAttribute('label') ?? 'AWS',
        allow: 'clipboard-write',
        // It never leads your page elsewhere; AWS's console opens in a new tab.
        sandbox:
          'allow-scripts allow-same-origin allow-forms allow-downloads allow-popups allow-popups-to-escape-sandbox',
      });
      this.#frame.addEventListener('load', this.#greet);
      this.#timer = setTimeout(() => {
        if (!this.#isAnswered)
          this.#fail(
            'not_embeddable',
            `The page did not answer. Is ${location.origin} one of embedOrigins in the brand file?`,
          );
      }, patienceMs);
      if (this.hasAttribute('modal')) root.append(this.#inDialog(this.#frame));
      else root.append(this.#frame);
      this.#dialog?.showModal();
    }

    #inDialog(frame) {
      const close = Object.assign(document.createElement('button'), { textContent: '×' });
      close.setAttribute('aria-label', 'Close');
      close.addEventListener('click', () => this.close());
      this.#dialog = document.createElement('dialog');
      this.#dialog.setAttribute('aria-label', frame.title);
      // The dialog gets the focus, not its button.
      this.#dialog.autofocus = true;
      this.#dialog.style.colorScheme = this.#theme;
      this.#dialog.append(close, frame);
      this.#dialog.addEventListener('cancel', () => this.close());
      return this.#dialog;
    }

    #hear({ origin, source, data }) {
      if (origin !== site.origin || source !== this.#frame?.contentWindow || !data?.connect) return;
      this.#isAnswered = true;
      const { height, event, detail, close, isEscape } = data.connect;
      if (Number.isFinite(height)) this.#frame.style.height = `${height}px`;
      if (event === 'connected' || event === 'failed') this.#emitOnce(event, detail);
      if (close || (isEscape && this.#dialog)) this.close();
    }

    /** A page that is loaded again tells the same once more. */
    #emitOnce(name, detail) {
      const told = JSON.stringify([name, detail]);
      if (told !== this.#last) this.#emit(name, detail);
      this.#last = told;
    }

    #fail(code, message) {
      console.error(`<rolebridge-connect>: ${message}`);
      this.#emit('failed', { code });
    }

    #emit(name, detail = {}) {
      this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
    }
  }

  customElements.define('rolebridge-connect', Connect);
})();
