const lineHeight = 20;
const columns = 82;
const characterWidth = 7.83;

/** A terminal with these lines, which appear one after the other and then stay. Plain text: nothing in it is markup. */
export function terminalSvg(lines: readonly string[]): string {
  const width = Math.ceil(columns * characterWidth) + 40;
  const height = lines.length * lineHeight + 72;
  const texts = lines.map(
    (line, index) =>
      `<text x="20" y="${62 + index * lineHeight}" class="l ${colorOf(line)}" style="animation-delay:${(index * 0.12).toFixed(2)}s">${escapeXml(line)}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Terminal: a deploy that is refused with its reason, and then connects">
<style>
text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #d5dbe6; white-space: pre }
.command, .head { fill: #fff; font-weight: 600 } .good { fill: #5fd8a0 } .bad { fill: #ff9a94 } .wait { fill: #f0c069 } .dim { fill: #98a3b6 }
@media (prefers-reduced-motion: no-preference) { .l { opacity: 0; animation: appear .2s forwards } @keyframes appear { to { opacity: 1 } } }
</style>
<rect width="${width}" height="${height}" rx="12" fill="#0f131b"/>
<circle cx="24" cy="22" r="5.5" fill="#323a4a"/><circle cx="42" cy="22" r="5.5" fill="#323a4a"/><circle cx="60" cy="22" r="5.5" fill="#323a4a"/>
${texts.join('\n')}
</svg>
`;
}

function colorOf(line: string): string {
  if (line.startsWith('$')) return 'command';
  if (/^\s+ok\b|\bconnected to\b|: ready to connect|^\s+\+/.test(line)) return 'good';
  if (/^ {2}(What|Change|Then|Trust) |^Apply complete/.test(line)) return 'head';
  if (/FAIL|not (connected|ready)|^[╷│╵]|^\s+- /.test(line)) return 'bad';
  if (/^\s+\.\.\.|\^/.test(line)) return 'wait';
  if (/^\s+(Details|Request|Scope|Allowed|Note|https:)/.test(line)) return 'dim';
  return '';
}

const escapeXml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
