import { explanationOf } from '../../api/operations/explain-problem.js';
import type { ErrorCode } from '../../domain/error-catalog/index.js';
import { pageBehind } from '../access.js';
import { ButtonLink, Words } from '../components/basics.js';
import { Icon } from '../components/icon.js';
import { Title } from '../layout.js';
import { usePage, useTexts } from '../page-context.js';
import type { Routes } from '../site.js';

/** The page of the `type` of a problem in a browser; other clients get JSON from the API. */
export function addProblemPages(routes: Routes): void {
  routes.get('/problems/:code', (visit, next) => {
    const { request, response, site } = visit;
    response.vary('accept');
    if (request.accepts('json', 'html') !== 'html') return next();
    return visit.send(<Explanation {...explanationOf(String(request.params.code), site.deps.publicUrl)} />);
  });
}

function Explanation(problem: ReturnType<typeof explanationOf>) {
  const { problem: texts, codes } = useTexts();
  const explained = codes.explained(problem.code);
  const parts = [
    ...(explained
      ? [[texts.inShort, `${explained.meaning} ${explained.fix ?? ''}`, undefined] as const]
      : []),
    [texts.means, problem.meaning, 'en'],
    [texts.see, problem.see, 'en'],
    [texts.fix, problem.fix, 'en'],
  ] as const;
  return (
    <article class="narrow stack stack-6">
      <div class="stack stack-2">
        <Title text={codes.title(problem.code)} />
        <p class="small faint">
          <code>{problem.code}</code> · {texts.status(problem.status)}
        </p>
      </div>
      <div class="card">
        {parts.map(([title, text, lang]) => (
          <section class="section">
            <h2>{title}</h2>
            <p lang={lang}>
              <Words text={text} />
            </p>
          </section>
        ))}
      </div>
    </article>
  );
}

/** Any error as a page: fault, fix, and the code last. */
export function ProblemPage(props: {
  code: ErrorCode;
  detail: string;
  remedy?: string | undefined;
  requestId: string;
}) {
  const { problem: texts, common, codes } = useTexts();
  const { help } = usePage().brand.links;
  const [backPath, back] = useWayOn(props.code);
  // A page says what to click, not which call to make.
  const explained = codes.explained(props.code) ?? texts.explained(props.code);
  const remedy = explained?.fix ?? props.remedy;
  return (
    <section class="card plain" aria-labelledby="title">
      <div class="section" role="alert">
        <span class="verdict-i verdict-off">
          <Icon name="info" />
        </span>
        <Title id="title" text={codes.title(props.code)} />
        <p>
          <Words text={explained?.meaning ?? props.detail} />
        </p>
        {remedy && (
          <p class="muted">
            <Words text={remedy} />
          </p>
        )}
      </div>
      <div class="section">
        <div class="actions">
          <ButtonLink path={backPath} look="primary">
            {back}
          </ButtonLink>
          {help && (
            <ButtonLink url={help} leaves>
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

/** The page to go to after an error. */
function useWayOn(code: ErrorCode): readonly [path: string, title: string] {
  const { problem: texts, signIn } = useTexts();
  const { path } = usePage();
  if (path.startsWith('/operator')) return ['/operator', texts.backOperator];
  // The sign-in leads back to the page of the form.
  if (code === 'session_ended') return [pageBehind(path), signIn.title];
  return ['/connections', texts.back];
}
