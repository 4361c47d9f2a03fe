/** Orbit's pages: plain HTML, so that no framework hides the calls in app.ts. */
interface Row {
  readonly project: string;
  readonly accountId: string;
  readonly status: string;
}

/** Quotes and tags of names stay text. */
const html = (parts: TemplateStringsArray, ...values: readonly (string | Html)[]): Html => ({
  html: parts.reduce((text, part, index) => {
    const value = values[index - 1] ?? '';
    const escaped =
      typeof value === 'string'
        ? value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
        : value.html;
    return text + escaped + part;
  }),
});
interface Html {
  readonly html: string;
}
const join = (items: readonly Html[]): Html => ({ html: items.map((item) => item.html).join('') });

export const tenantPage = (tenant: string, connections: readonly Row[]) =>
  page(
    tenant,
    'Cloud accounts',
    html`<p class="lead">Orbit draws your architecture and deploys it into your own AWS account.</p>
<ul class="cards">${join(
      connections.map(
        ({ project, accountId, status }) =>
          html`<li><a href="/${tenant}/${project}">${project}</a><span>AWS ${accountId}</span>
<span class="status ${status}">${status}</span></li>`,
      ),
    )}</ul>
<form method="post" class="card"><h2>Connect an account</h2>
<label>Project <input name="project" required pattern="[A-Za-z0-9._\\-]{1,64}" placeholder="shop"></label>
<label>AWS account id <input name="accountId" required pattern="[0-9]{12}" placeholder="12 digits" inputmode="numeric"></label>
<button>Connect AWS</button></form>`,
  );

/** Rolebridge's page in a dialog. It reports to the service; Orbit only needs to know when it closes. */
export const connectPage = (
  tenant: string,
  project: string,
  { script, link }: { script: string; link: string },
) =>
  page(
    tenant,
    `Connect ${project}`,
    html`<p class="lead">Create a role in your AWS account. Orbit gets no password and no access key.</p>
<rolebridge-connect link="${link}" theme="light" data-tenant="/${tenant}" data-project="/${tenant}/${project}"></rolebridge-connect>
<script src="${script}" async></script>
<script>
const element = document.querySelector('rolebridge-connect');
let next = element.dataset.tenant;
element.addEventListener('connected', () => { next = element.dataset.project; });
element.addEventListener('closed', () => location.assign(next));
</script>`,
  );

export const accountPage = (tenant: string, project: string, accountId: string, roles: readonly string[]) =>
  page(
    tenant,
    project,
    html`<p class="lead">Connected to AWS account <strong>${accountId}</strong>.</p>
<h2>Roles in this account</h2>
<ul class="cards">${join(roles.map((role) => html`<li><code>${role}</code></li>`))}</ul>
<p><a href="/${tenant}">All accounts</a></p>`,
  );

export const problemPage = (code: string, detail: string, remedy = '') =>
  page('', 'This did not work', html`<p class="lead">${detail} ${remedy}</p><p><code>${code}</code></p>`);

const page = (tenant: string, title: string, body: Html) =>
  html`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title} · Orbit</title><style>${{ html: style }}</style>
<header><b>◍ Orbit</b><span>${tenant}</span></header><main><h1>${title}</h1>${body}</main></html>`.html;

const style = `
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: #1d1b2e; background: #f6f5fb }
header { display: flex; justify-content: space-between; padding: 14px 24px; color: #fff; background: #4b2fb8 }
main { max-width: 720px; margin: 32px auto; padding: 0 20px } h1 { margin: 0 } h2 { font-size: 1.1rem; margin: 0 }
.lead { color: #57536e; margin: 4px 0 24px } a { color: #4b2fb8 } code { overflow-wrap: anywhere }
.cards { list-style: none; padding: 0; display: grid; gap: 8px }
.cards li, .card { background: #fff; border: 1px solid #e1def0; border-radius: 10px; padding: 14px 18px }
.cards li { display: flex; gap: 16px; align-items: baseline } .status { margin-left: auto }
.status.connected { color: #0a7a4b } .status.failed { color: #b3261e }
.card { display: grid; gap: 14px } label { display: grid; gap: 4px; font-weight: 500 }
input { font: inherit; padding: 8px 10px; border: 1px solid #bdb8d6; border-radius: 6px }
button { justify-self: start; font: inherit; font-weight: 600; padding: 9px 18px; border: 0; border-radius: 6px; color: #fff; background: #4b2fb8 }
rolebridge-connect { display: block; background: #fff; border: 1px solid #e1def0; border-radius: 10px; overflow: hidden }`;
