/** How one control is met. `lastShownAt` is absent where the control is met by construction and not by a check. */
export interface Evidence {
  readonly control: string;
  readonly title: string;
  readonly met: boolean;
  readonly by: string;
  readonly lastShownAt?: string | undefined;
}

export interface Report {
  readonly createdAt: string;
  readonly controlsOf: string;
  readonly vendor: readonly Evidence[];
  readonly connections: readonly {
    readonly id: string;
    readonly name: string;
    readonly status: string;
    readonly accountId?: string | undefined;
    readonly controls: readonly Evidence[];
  }[];
}

/** The report as one file that loads nothing: to attach to an audit, to print, and to read on a phone. */
export function evidencePage({ createdAt, controlsOf, vendor, connections }: Report): string {
  const met = vendor.filter((each) => each.met).length;
  const sections = connections.map(
    ({ id, name, status, accountId, controls }) => `<section>
<h2>${html(name)}</h2>
<p class="meta">${status}${accountId ? `, AWS account <code>${accountId}</code>` : ''}, <code>${id}</code></p>
${table(name, controls)}
</section>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>Evidence for cross-account access, ${createdAt.slice(0, 10)}</title>
<style>${style}</style></head><body><main>
<h1>Evidence for cross-account access</h1>
<p class="meta">${html(controlsOf)}. Created ${timeOf(createdAt)}.</p>
<p class="sum">${mark(met === vendor.length, `${met} of ${vendor.length} controls met`)}
<span>${connections.length} ${connections.length === 1 ? 'connection' : 'connections'} in use</span></p>
<section>
<h2>All connections</h2>
${table('All connections', vendor)}
</section>
${sections.join('\n')}
</main></body></html>
`;
}

const table = (label: string, all: readonly Evidence[]): string => `<table aria-label="${html(label)}">
<thead><tr><th scope="col">Control</th><th scope="col">Result</th><th scope="col">Evidence</th><th scope="col">Last shown</th></tr></thead>
<tbody>
${all
  .map(
    ({ control, title, met, by, lastShownAt }) =>
      `<tr><th scope="row"><code>${control}</code>${html(title)}</th><td>${mark(met, met ? 'Met' : 'Not met')}</td><td>${html(by)}</td><td data-label="Last shown: ">${lastShownAt === undefined ? 'by construction' : timeOf(lastShownAt)}</td></tr>`,
  )
  .join('\n')}
</tbody></table>`;

/** A mark that differs by more than its color. */
const mark = (met: boolean, text: string): string =>
  `<b class="${met ? 'met' : 'not'}"><span aria-hidden="true">${met ? '✓' : '✗'}</span> ${text}</b>`;

const timeOf = (iso: string): string =>
  `<time datetime="${iso}">${iso.slice(0, 16).replace('T', ' ')} UTC</time>`;

const style = `
:root{color-scheme:light dark;--bg:light-dark(#f6f7f9,#0b0d12);--card:light-dark(#fff,#12151c);--line:light-dark(#e3e6ec,#232936);--ink:light-dark(#0f1522,#eef1f6);--meta:light-dark(#5f697b,#949dae);--met:light-dark(#0b7347,#58d39a);--not:light-dark(#b42323,#ff8f87)}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:.9375rem/1.55 system-ui,sans-serif}
main{max-width:62rem;margin:auto;padding:2.5rem 1.5rem 4rem}
h1{font-size:1.75rem;line-height:1.25;margin:0 0 .25rem}
h2{font-size:1.0625rem;margin:0;padding:1rem 1.25rem 0;overflow-wrap:anywhere}
code{font:.8125rem ui-monospace,monospace;overflow-wrap:anywhere}
.meta{color:var(--meta);font-size:.8125rem;margin:0}
section>.meta{padding:.125rem 1.25rem 0}
.sum{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;margin:1rem 0 0}
.met{color:var(--met)}.not{color:var(--not)}.met,.not{white-space:nowrap}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;margin-top:1rem;break-inside:avoid}
table{width:100%;table-layout:fixed;border-collapse:collapse;margin-top:.5rem;text-align:left}
thead th{color:var(--meta);font-size:.75rem;font-weight:500}
th,td{padding:.625rem .75rem;vertical-align:top;font-weight:400;border-top:1px solid var(--line)}
thead th{border:0;padding-block:.25rem}
:is(th,td):first-child{padding-left:1.25rem}:is(th,td):last-child{padding-right:1.25rem;white-space:nowrap}
thead th:nth-child(odd){width:35%}thead th:last-child{width:19%}tbody th code{display:block;color:var(--meta)}
td{font-size:.8125rem}
@media(max-width:44rem){main{padding:1.5rem 1rem 3rem}h1{font-size:1.375rem}thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
tbody,tr,th,td{display:block}tr{padding:.75rem 1rem;border-top:1px solid var(--line)}tr>*,tr>:first-child,tr>:last-child{width:auto;padding:0;border:0;white-space:normal}
h2,section>.meta{padding-inline:1rem}tr td+td{margin-top:.125rem}td[data-label]{color:var(--meta)}td[data-label]::before{content:attr(data-label)}}
@media print{body{background:none}section{border-color:#999}}`;

const html = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
