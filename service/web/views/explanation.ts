import { html } from 'hono/html';
import type { ErrorRow } from '../../domain/error-catalog/index.js';
import type { Html } from './layout.js';
import { marked } from './status.js';

export interface ExplainedProblem extends ErrorRow {
  readonly code: string;
}

export const explanationView = ({ code, status, title, meaning, see, fix }: ExplainedProblem): Html => html`
<h1>${title}</h1>
<p><code>${code}</code> <small>HTTP status ${status}</small></p>
<section aria-labelledby="means"><h2 id="means">What it means</h2><p>${marked(meaning)}</p></section>
<section aria-labelledby="see"><h2 id="see">How to see it</h2><p>${marked(see)}</p></section>
<section aria-labelledby="fix"><h2 id="fix">How to fix it</h2><p>${marked(fix)}</p></section>`;
