import { html } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';
import type { Assets } from '../assets.js';
import type { WebSession } from '../session.js';

export type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

/** What every page shows around its own part. */
export interface Frame {
  readonly assets: Assets;
  readonly session?: WebSession | undefined;
  readonly organizationName?: string | undefined;
  /** Said once, above the page: what has just been done, or what is wrong. */
  readonly notice?: Notice | undefined;
}

export interface Notice {
  readonly kind: 'done' | 'problem';
  readonly text: string;
  readonly remedy?: string | undefined;
}

/** A whole page. Every value in a template is escaped unless it is a template itself. */
export const page = (frame: Frame, title: string, content: Html): Html => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Rolebridge</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${frame.assets.base}">
<link rel="stylesheet" href="${frame.assets.style}">
<script src="${frame.assets.script}" defer></script>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header class="container site">
  <nav aria-label="Site">
    <ul><li><a href="/connections" class="brand"><span class="mark" aria-hidden="true"></span>Rolebridge</a></li></ul>
    ${
      frame.session
        ? html`<ul><li class="organization">${frame.organizationName ?? ''}</li><li><form method="post" action="/sign-out">${csrfField(frame.session)}<button class="plain" type="submit">Sign out</button></form></li></ul>`
        : ''
    }
  </nav>
</header>
<main class="container" id="content">
${frame.notice ? noticeView(frame.notice) : ''}
${content}
</main>
</body>
</html>`;

export const noticeView = ({ kind, text, remedy }: Notice): Html =>
  html`<div class="notice ${kind}" role="${kind === 'problem' ? 'alert' : 'status'}"><p>${text}</p>${remedy ? html`<p class="remedy">${remedy}</p>` : ''}</div>`;

export const csrfField = ({ csrfToken }: Pick<WebSession, 'csrfToken'>): Html =>
  html`<input type="hidden" name="csrf" value="${csrfToken}">`;

/** A time as people read it; the exact one is a hover away, and the browser's script makes it local. */
export const timeView = (iso: string): Html =>
  html`<time datetime="${iso}" title="${iso}">${iso.slice(0, 16).replace('T', ' ')} UTC</time>`;

/** Text to be copied whole; without JavaScript it can be selected. */
export const copyBox = (label: string, text: string, options: { multiline?: boolean } = {}): Html =>
  options.multiline
    ? html`<figure class="copy"><pre tabindex="0" aria-label="${label}"><code>${text}</code></pre><button type="button" class="secondary outline" data-copy>Copy<span class="sr"> ${label}</span></button></figure>`
    : html`<div class="copy one"><span class="label">${label}</span><code>${text}</code><button type="button" class="secondary outline" data-copy>Copy<span class="sr"> ${label}</span></button></div>`;
