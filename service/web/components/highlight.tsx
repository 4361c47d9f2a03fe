import type { Child } from 'hono/jsx';

/** Comments, strings with or without a colon behind them, and keywords of the shown languages. */
const token =
  /((?:^|\s)(?:#|\/\/).*)|("[^"\n]*"|'[^'\n]*')(:?)|\b(import|export|from|const|new|resource|module|variable|data|provider|terraform|output|aws|npx)\b/g;

/** A line of code with a color for keys, strings, words and comments. Copied, it is the same text. */
export function Highlighted({ line }: { line: string }) {
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
