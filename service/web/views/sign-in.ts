import { html } from 'hono/html';
import type { Html } from './layout.js';

export const signInView = (formToken: string, problem?: string): Html => html`
<article class="sign-in">
<h1>Sign in</h1>
<p>Connect and look after the AWS accounts of your organization.</p>
${problem ? html`<div class="notice problem" role="alert"><p>${problem}</p></div>` : ''}
<form method="post" action="/sign-in" autocomplete="off">
<input type="hidden" name="csrf" value="${formToken}">
<label>API key<input name="apiKey" type="password" required autocomplete="off" placeholder="rbk_…"><small>The key of your organization; whoever runs the platform has it. A one-time link from them needs no key.</small></label>
<button type="submit">Sign in</button>
</form>
</article>`;

/** A link is used up by a press of the button, not by a program that only looks at it. */
export const linkView = (formToken: string, token: string): Html => html`
<article class="sign-in">
<h1>Welcome</h1>
<p>This link signs you in once. It can’t be used again afterwards.</p>
<form method="post" action="/sign-in/link">
<input type="hidden" name="csrf" value="${formToken}"><input type="hidden" name="token" value="${token}">
<button type="submit">Continue</button>
</form>
</article>`;

export const problemView = (
  title: string,
  detail: string,
  remedy: string | undefined,
  requestId: string,
): Html => html`
<article class="sign-in">
<div role="alert"><h1>${title}</h1>
<p>${detail}</p>
${remedy ? html`<p class="remedy">${remedy}</p>` : ''}</div>
<p><a href="/connections">To the connections</a></p>
<p><small>Request ${requestId}</small></p>
</article>`;
