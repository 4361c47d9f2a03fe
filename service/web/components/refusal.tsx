import type { Child } from 'hono/jsx';
import { parseRoleArn, partitions } from '../../domain/role-arn.js';
import type { CheckResult } from '../check-result.js';
import { usePage, useTexts } from '../page-context.js';
import { ButtonLink, Callout, Fold, Link, WordItems, Words } from './basics.js';
import { Checks, countOf, rowsOf } from './checks.js';
import { Code, type CodeLine, differences } from './code.js';
import { Icon } from './icon.js';

/** The codes of a role that works for others as well. */
const unsafeCodes: ReadonlySet<string> = new Set([
  'external_id_not_required',
  'external_id_not_enforced',
  'previous_external_id_accepted',
  'trust_policy_unsafe',
]);

/** Nothing was decided: neutral, and never called a failure. */
export const NoVerdict = ({ result, afterSeconds }: { result: CheckResult; afterSeconds?: number }) => {
  const texts = useTexts().failed;
  const { explained } = useTexts().codes;
  const message = explained(result.code)?.meaning ?? result.message;
  return (
    <Callout icon="clock" role="status" title={<Words text={`${texts.inconclusive}: ${message}`} />}>
      <span>
        {texts.inconclusiveLine}{' '}
        {afterSeconds && <span class="with-script">{texts.nextCheck(afterSeconds)} </span>}
        {texts.inconclusiveClose}
      </span>
    </Callout>
  );
};

/** Fault, effect and fix; checks and code last. */
export function Refusal({ result }: { result: CheckResult }) {
  const { failed: texts, codes } = useTexts();
  const explained = codes.explained(result.code);
  const remedy = explained?.fix ?? result.remedy;
  const isUnsafe = unsafeCodes.has(result.code);
  return (
    <div class="section" role="alert">
      <div class="verdict">
        <span class="verdict-i">
          <Icon name="alert" />
        </span>
        <div class="stack stack-2">
          <h3>{isUnsafe ? texts.unsafe : codes.title(result.code)}</h3>
          <p>
            <Words text={explained?.meaning ?? result.message} />
          </p>
          {isUnsafe && (
            <p class="muted">
              <Words text={texts.whyUnsafe} />
            </p>
          )}
          {remedy && result.trustPolicy === undefined && (
            <p>
              <strong>{texts.whatToDo}:</strong> <Words text={remedy} />
            </p>
          )}
          {explained && (
            // The original message in English, below its meaning.
            <Fold title={texts.original}>
              <p class="help" lang="en">
                {result.message} {result.remedy}
              </p>
            </Fold>
          )}
        </div>
      </div>
    </div>
  );
}

/** The trust policy to deploy, with the steps to it and the buttons below it. */
export function PolicyToDeploy(props: { result: CheckResult; externalId: string; children?: Child }) {
  const texts = useTexts().failed;
  const { result, externalId, children } = props;
  if (result.trustPolicy === undefined) return <>{children}</>;
  const policy = withExternalId(result.trustPolicy, externalId);
  const lines = policyLines(result, policy, texts.notes[result.code]);
  return (
    <>
      <h3>{texts.replacePolicy}</h3>
      <ol class="nums">
        <WordItems texts={texts.policySteps} />
      </ol>
      <Code
        id="policy"
        title={lines ? texts.yourPolicy : texts.policy}
        lines={lines}
        text={policy}
        copyTitle={texts.copyPolicy}
      />
      {children}
      <Causes result={result} />
      {lines && (
        <Fold title={texts.onlyCorrected}>
          <Code id="corrected" title={texts.policy} text={policy} copyTitle={texts.copyPolicy} />
        </Fold>
      )}
      <Fold title={texts.asCode}>
        <p class="help">
          <Words text={texts.asCodeHelp(externalId)} />
        </p>
      </Fold>
    </>
  );
}

/** The policy of an earlier check, with the external ID to deploy now: a rotation may have started or ended since. */
const withExternalId = (policy: string, externalId: string): string =>
  JSON.stringify(
    JSON.parse(policy),
    (name, value: unknown) => (name === 'sts:ExternalId' ? externalId : value),
    2,
  );

/** The trust policy of the role with the lines to change marked, where it was read. */
function policyLines(result: CheckResult, policy: string, note?: string): readonly CodeLine[] | undefined {
  const current = indented(result.currentPolicy);
  if (current === undefined) return undefined;
  const lines = differences(current, policy);
  const last = lines.findLastIndex(({ change }) => change === 'del');
  const at = last === -1 ? lines.findIndex(({ change }) => change === 'add') : last + 1;
  return note ? lines.toSpliced(at, 0, { text: note, change: 'note' }) : lines;
}

/** Formats a policy like the one to deploy, so that only differences are marked. */
function indented(policy: string | undefined): string | undefined {
  try {
    return policy === undefined ? undefined : JSON.stringify(JSON.parse(policy), inOrder, 2);
  } catch {
    return undefined;
  }
}

const members = [
  'Version',
  'Id',
  'Statement',
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
];

const rankOf = (name: string): number => (members.includes(name) ? members.indexOf(name) : members.length);

const inOrder = (_name: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => rankOf(one) - rankOf(other)))
    : value;

function Causes({ result }: { result: CheckResult }) {
  const texts = useTexts().failed;
  if (result.causes.length < 2) return null;
  return (
    <div class="stack stack-2">
      <h3>{texts.causes}</h3>
      <ol class="nums">
        {result.causes.map(({ explanation, likelihood }) => (
          <li lang="en">
            <Words text={explanation} /> <span class="faint">({texts.likelihood[likelihood]})</span>
          </li>
        ))}
      </ol>
    </div>
  );
}

/** The checks, and the documented code. */
export function CheckEvidence({ result }: { result: CheckResult }) {
  const { checks: texts, common } = useTexts();
  const { help } = usePage().brand.links;
  const rows = rowsOf(result.checks);
  return (
    <div class="section">
      {result.checks.length > 0 && (
        <Fold
          title={texts.summary(countOf(rows, 'passed'), countOf(rows, 'failed'), countOf(rows, 'skipped'))}
        >
          <Checks rows={rows} />
        </Fold>
      )}
      <p class="small faint">
        {common.code}{' '}
        <Link path={`/problems/${result.code}`}>
          <code>{result.code}</code>
        </Link>
        {result.awsRequestId && (
          <>
            , {texts.awsRequest} <code class="break">{result.awsRequestId}</code>
          </>
        )}
        {help && (
          <>
            . <a href={help}>{common.getHelp}</a>
          </>
        )}
      </p>
    </div>
  );
}

/** The role's trust relationships in the console of its partition. */
export function OpenRole({ roleArn, look }: { roleArn: string; look?: 'primary' }) {
  const texts = useTexts().setup;
  const url = consoleUrlOf(roleArn);
  if (url === undefined) return null;
  return (
    <ButtonLink url={url} look={look}>
      {texts.openRole}
      <Icon name="out" />
    </ButtonLink>
  );
}

function consoleUrlOf(roleArn: string): string | undefined {
  try {
    const { partition } = parseRoleArn(roleArn);
    const name = roleArn.split('/').at(-1) ?? '';
    const { consoleHost } = partitions[partition];
    return `https://${consoleHost}/iam/home#/roles/details/${encodeURIComponent(name)}?section=trust_relationships`;
  } catch {
    return undefined;
  }
}
