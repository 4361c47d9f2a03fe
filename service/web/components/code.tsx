import type { Child } from 'hono/jsx';
import { useTexts } from '../page-context.js';
import { Icon } from './icon.js';

/** Copies the text of the element with this id, or of the one before it. */
export const CopyButton = ({
  of,
  what,
  title,
}: {
  of?: string;
  what: string;
  title?: string | undefined;
}) => {
  const { copy, copyThe } = useTexts().common;
  return (
    <button
      class="btn btn-quiet btn-sm copy-btn"
      type="button"
      data-copy={of ?? ''}
      aria-label={title === undefined ? copyThe(what) : undefined}
    >
      <Icon name="copy" small />
      <span>{title ?? copy}</span>
    </button>
  );
};

/** Values to copy one by one; without JavaScript each is selected whole with one click. */
export const CopyRows = ({ rows }: { rows: readonly (readonly [label: string, value: string])[] }) => (
  <dl class="copies">
    {rows.map(([label, value]) => (
      <div class="copy">
        <dt>{label}</dt>
        <dd>
          <span>{value}</span>
          <CopyButton what={label} />
        </dd>
      </div>
    ))}
  </dl>
);

export interface CodeLine {
  readonly text: string;
  readonly change?: 'del' | 'add' | 'note' | undefined;
}

/** Text to copy whole; removed lines and notes are not copied. */
export function Code(props: {
  id: string;
  title: string;
  text?: string | undefined;
  lines?: readonly CodeLine[] | undefined;
  copyTitle?: string | undefined;
  /** It has gaps: no button copies it. */
  isExcerpt?: boolean;
}) {
  const isDiff = props.lines?.some(({ change }) => change !== undefined);
  return (
    <figure class={isDiff ? 'code code-diff' : 'code'}>
      <figcaption>
        <span>{props.title}</span>
        {props.isExcerpt || <CopyButton of={props.id} what={props.title} title={props.copyTitle} />}
      </figcaption>
      <pre id={props.id} tabindex={0} role="region" aria-label={props.title}>
        {props.lines === undefined ? (
          <code>
            {props.text?.split('\n').map((line, index) => (
              <>
                {index > 0 && '\n'}
                <Highlighted line={line} />
              </>
            ))}
          </code>
        ) : (
          <code>
            {props.lines.map(({ text, change }) => (
              <span class={change ? `l l-${change}` : 'l'}>
                {change === 'note' ? text : <Highlighted line={text} />}
                {'\n'}
              </span>
            ))}
          </code>
        )}
      </pre>
    </figure>
  );
}

/** A comma that only a line after it needs is no change. */
const isSame = (one: string | undefined, other: string | undefined): boolean =>
  one?.replace(/,$/, '') === other?.replace(/,$/, '');

/** A line diff of two texts. */
export function differences(before: string, after: string): CodeLine[] {
  const [one, other] = [before.split('\n'), after.split('\n')];
  const common = Array.from({ length: one.length + 1 }, () => new Array<number>(other.length + 1).fill(0));
  for (const [i, row] of [...common.entries()].reverse())
    for (let j = other.length - 1; i < one.length && j >= 0; j--)
      row[j] = isSame(one[i], other[j])
        ? (common[i + 1]?.[j + 1] ?? 0) + 1
        : Math.max(common[i + 1]?.[j] ?? 0, common[i]?.[j + 1] ?? 0);
  const lines: CodeLine[] = [];
  let [i, j] = [0, 0];
  while (i < one.length || j < other.length) {
    if (i < one.length && j < other.length && isSame(one[i], other[j])) {
      lines.push({ text: other[j] ?? '' });
      i++;
      j++;
    } else if (
      i < one.length &&
      (j === other.length || (common[i + 1]?.[j] ?? 0) >= (common[i]?.[j + 1] ?? 0))
    ) {
      lines.push({ text: one[i++] ?? '', change: 'del' });
    } else {
      lines.push({ text: other[j++] ?? '', change: 'add' });
    }
  }
  return lines;
}

/** Comments, strings with or without a colon behind them, and keywords of the shown languages. */
const token =
  /((?:^|\s)(?:#|\/\/).*)|("[^"\n]*"|'[^'\n]*')(:?)|\b(import|export|from|const|new|resource|module|variable|data|provider|terraform|output|aws|npx)\b/g;

/** A line of code with a color for keys, strings, words and comments. Copied, it is the same text. */
function Highlighted({ line }: { line: string }) {
  const parts: Child[] = [];
  let end = 0;
  for (const { index, 0: whole, 1: comment, 2: text, 3: colon = '', 4: word } of line.matchAll(token)) {
    parts.push(line.slice(end, index));
    if (comment !== undefined) parts.push(<span class="code-note">{comment}</span>);
    else if (text !== undefined)
      parts.push(<span class={colon === ':' ? 'code-key' : 'code-str'}>{text}</span>, colon);
    else parts.push(<span class="code-word">{word}</span>);
    end = index + whole.length;
  }
  return (
    <>
      {parts}
      {line.slice(end)}
    </>
  );
}
