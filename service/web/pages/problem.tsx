import type { Router } from 'express';
import { explanationOf } from '../../api/operations/explain-problem.js';
import { ButtonLink, Words } from '../components/basics.js';
import { Icon } from '../components/icon.js';
import { usePage, useTexts } from '../page-context.js';
import { type Site, sendPage } from '../site.js';

/** What the `type` of a problem shows in a browser; other clients get JSON from the API. */
export function addProblemPages(router: Router, site: Site): void {
  router.get('/problems/:code', (request, response, next) => {
    response.vary('accept');
    if (request.accepts('json', 'html') !== 'html') return next();
    const problem = explanationOf(request.params.code, site.deps.publicUrl);
    return sendPage(site, response, { title: problem.title }, <Explanation {...problem} />);
  });
}

function Explanation(problem: ReturnType<typeof explanationOf>) {
  const texts = useTexts().problem;
  const parts = [
    [texts.means, problem.meaning],
    [texts.see, problem.see],
    [texts.fix, problem.fix],
  ] as const;
  return (
    <article class="narrow stack stack-6">
      <div class="stack stack-2">
        <h1>{problem.title}</h1>
        <p class="small faint">
          <code>{problem.code}</code> · {texts.status(problem.status)}
        </p>
      </div>
      <div class="card">
        {parts.map(([title, text]) => (
          <section class="section">
            <h2>{title}</h2>
            <p>
              <Words text={text} />
            </p>
          </section>
        ))}
      </div>
    </article>
  );
}

/** Any error as a page: what is wrong, what to do, and the code last. */
export function ProblemPage(props: {
  title: string;
  detail: string;
  remedy?: string | undefined;
  code: string;
  requestId: string;
}) {
  const { problem: texts, common } = useTexts();
  const { brand } = usePage();
  return (
    <section class="card plain" aria-labelledby="title">
      <div class="section" role="alert">
        <span class="verdict-i verdict-off">
          <Icon name="info" />
        </span>
        <h1 id="title">{props.title}</h1>
        <p>
          <Words text={props.detail} />
        </p>
        {props.remedy && (
          <p class="muted">
            <Words text={props.remedy} />
          </p>
        )}
      </div>
      <div class="section">
        <div class="actions">
          <ButtonLink path="/connections" look="primary">
            {texts.back}
          </ButtonLink>
          {brand.links.help && (
            <ButtonLink url={brand.links.help} leaves>
              {common.getHelp}
            </ButtonLink>
          )}
        </div>
        <p class="small faint">
          <code>{props.code}</code> · {common.request(props.requestId)}
        </p>
      </div>
    </section>
  );
}
