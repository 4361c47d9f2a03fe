import type { Router } from 'express';
import { explanationOf } from '../api/operations/explain-problem.js';
import { type Site, sendPage } from './site.js';
import { explanationView } from './views/explanation.js';

/** What the `type` of a problem shows in a browser; whoever takes JSON as gladly is answered by the API. */
export function addProblemPages(router: Router, site: Site): void {
  router.get('/problems/:code', (request, response, next) => {
    response.vary('accept');
    if (request.accepts('json', 'html') !== 'html') return next();
    const problem = explanationOf(request.params.code, site.deps.publicUrl);
    return sendPage(site, response, problem.title, explanationView(problem));
  });
}
