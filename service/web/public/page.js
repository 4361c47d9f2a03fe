// Progressive enhancement: every page works without this script.
document.documentElement.classList.add('js');

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const say = (text) => {
  const live = document.querySelector('[data-say]');
  if (live) live.textContent = text;
};

// A reload shows this page again: it sends no form twice, and repeats no result of an action.
const { address } = document.getElementById('main').dataset;
const own = new URL(address ?? location.href, location.href);
own.searchParams.delete('done');
if (address !== undefined || own.href !== location.href) history.replaceState(null, '', own);

/** A message above the content of a part of the page. */
function alertIn(part, text, look) {
  const note = document.createElement('p');
  note.className = look;
  note.setAttribute('role', 'alert');
  note.textContent = text;
  part.prepend(note);
}

// Copies a value, or the lines of a code block that stay.
document.addEventListener('click', async ({ target }) => {
  const button = target.closest('[data-copy]');
  if (!button || button.dataset.done !== undefined) return;
  const source = button.dataset.copy
    ? document.getElementById(button.dataset.copy)
    : button.previousElementSibling;
  const lines = all('.l:not(.l-note, .l-del)', source);
  const text = lines.length > 0 ? lines.map((line) => line.textContent).join('') : source.textContent;
  const label = button.querySelector('span');
  const before = label.textContent;
  button.dataset.done = '';
  try {
    await navigator.clipboard.writeText(text);
    label.textContent = document.body.dataset.copied;
  } catch {
    // The browser forbids it: select the text for Ctrl-C.
    getSelection().selectAllChildren(source);
    label.textContent = document.body.dataset.selected;
  }
  say(label.textContent);
  setTimeout(() => {
    label.textContent = before;
    delete button.dataset.done;
    say('');
  }, 1600);
});

// A menu closes on Escape and with a click elsewhere.
document.addEventListener('click', ({ target }) => {
  for (const menu of all('details.menu[open]')) if (!menu.contains(target)) menu.open = false;
});
document.addEventListener('keydown', ({ key }) => {
  const menu = key === 'Escape' && document.querySelector('details.menu[open]');
  if (!menu) return;
  menu.open = false;
  menu.querySelector('summary').focus();
});

// Filters the rows on the page while you type; Enter searches all connections.
document.addEventListener('input', ({ target }) => {
  if (target.dataset?.filter === undefined) return;
  const shown = filterRows(target).filter(({ hidden }) => !hidden);
  say(target.dataset.filter.replace('#', String(shown.length)));
});

function filterRows({ value }) {
  const wanted = value.trim().toLowerCase();
  const rows = all('tbody tr');
  for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  for (const none of all('[data-none]')) none.hidden = rows.some(({ hidden }) => !hidden);
  return rows;
}

// An ARN that can't be one is marked as it is typed; the service has the rules and the words.
document.addEventListener('input', ({ target }) => {
  if (target.dataset?.arn === undefined) return;
  const isWhole = /^arn:aws(-us-gov|-cn|-eusc)?:iam::\d{12}:role\/[\w+=,.@/-]+$/.test(target.value.trim());
  if (isWhole) target.setAttribute('aria-invalid', 'false');
  else target.removeAttribute('aria-invalid');
});

// A form that changes something is sent once, however often its button is pressed; the button shows progress.
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (form.method !== 'post') return;
  if (form.dataset.check !== undefined) return checkWithProgress(event, form);
  if (form.dataset.sent !== undefined) return event.preventDefault();
  form.dataset.sent = '';
  const button = event.submitter?.dataset.busy && event.submitter;
  if (!button) return;
  button.setAttribute('aria-busy', 'true');
  button.dataset.text = button.innerHTML;
  button.textContent = button.dataset.busy;
});

// "Back" can show the page as it was left: its forms can be sent again.
addEventListener('pageshow', ({ persisted }) => {
  if (!persisted) return;
  for (const form of all('form[data-sent]')) delete form.dataset.sent;
  for (const button of all('[data-text]')) {
    button.removeAttribute('aria-busy');
    button.innerHTML = button.dataset.text;
  }
});

// Repeats a check that has no verdict, and opens the help for a wait that takes long: on the page as it is loaded, and
// in a part that replaces another.
function startTimers(root) {
  const after = (element, seconds, act) => setTimeout(() => element.isConnected && act(), seconds * 1000);
  for (const form of all('form[data-after]', root))
    after(form, form.dataset.after, () => form.requestSubmit());
  for (const help of all('[data-open-after]', root))
    after(help, help.dataset.openAfter, () => {
      help.open = true;
    });
}
startTimers(document);

// Streams the checks, one by one, into the open step.
async function checkWithProgress(event, form) {
  event.preventDefault();
  if (document.body.getAttribute('aria-busy') === 'true') return;
  const body = new URLSearchParams(new FormData(form));
  const step = form.closest('[data-step]');
  const side = document.querySelector('.side-pair');
  const before = [step.innerHTML, side.outerHTML];
  document.body.setAttribute('aria-busy', 'true');
  try {
    const response = await fetch(form.action, {
      method: 'POST',
      headers: { accept: 'application/x-ndjson' },
      body,
    });
    if (!response.ok) return form.submit();
    for await (const line of linesOf(response.body)) {
      if (line.say) say(line.say);
      if (line.side) side.outerHTML = line.side;
      if (line.step) step.innerHTML = line.step;
      if (line.go) return goTo(line.go);
      if (line.main) showMain(line.main);
    }
  } catch {
    [step.innerHTML, document.querySelector('.side-pair').outerHTML] = before;
    alertIn(step, document.body.dataset.lost, 'section error');
  } finally {
    document.body.removeAttribute('aria-busy');
  }
}

function showMain(html) {
  const main = document.getElementById('main');
  main.innerHTML = html;
  remember();
  postEvents();
  startTimers(main);
  const first = main.querySelector('[aria-invalid="true"]') ?? main.querySelector('[aria-current="step"] h2');
  first?.focus();
}

/** Loads the address, even if only its fragment differs. */
function goTo(address) {
  const before = location.href.split('#')[0];
  location.href = address;
  if (new URL(address, location.href).href.split('#')[0] === before) location.reload();
}

async function* linesOf(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split('\n');
    rest = lines.pop();
    for (const line of lines) yield JSON.parse(line);
  }
}

// Polls for changes made by a deploy. A list costs more than a page about one connection.
let shown = new Map();
function remember() {
  shown = new Map(all('[data-live]').map((part) => [part.dataset.live, part.innerHTML]));
}
remember();

async function refresh() {
  if (document.hidden || document.body.getAttribute('aria-busy') === 'true') return;
  const address = document.getElementById('main').dataset.liveFrom ?? location.href;
  const response = await fetch(address, {
    headers: { accept: 'text/html', 'x-rolebridge-live': '1' },
  }).catch(() => undefined);
  // Of a link for one connection, the set-up ends here.
  if (response?.redirected && response.url.endsWith('/connected')) return goTo(response.url);
  if (response?.redirected || response?.status === 403) {
    clearInterval(polling);
    return alertIn(
      document.getElementById('main'),
      document.body.dataset.ended,
      'callout callout-warn notice',
    );
  }
  if (!response?.ok) return;
  const fresh = new DOMParser().parseFromString(await response.text(), 'text/html');
  if (document.body.getAttribute('aria-busy') === 'true') return;
  for (const part of all('[data-live]')) {
    const next = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
    if (next?.innerHTML === shown.get(part.dataset.live)) continue;
    if (part.dataset.reload !== undefined) return goTo(part.dataset.then ?? address);
    if (next === null) continue;
    // Never replace a part under the reader's focus.
    if (part.contains(document.activeElement)) continue;
    const open = all('details', part).map((details) => details.open);
    shown.set(part.dataset.live, next.innerHTML);
    part.innerHTML = next.innerHTML;
    all('details', part).forEach((details, index) => {
      details.open = open[index] ?? details.open;
    });
    startTimers(part);
  }
  for (const input of all('[data-filter]')) if (input.value !== input.defaultValue) filterRows(input);
}
const isList = shown.has('connections') || shown.has('operator');
const polling = shown.size > 0 && setInterval(refresh, isList ? 10_000 : 3_000);

// Embedded: the page talks with the app around it, which must be of an origin that the vendor allows. The app speaks
// first; until then nothing is sent.
const allowedOrigins = document.documentElement.dataset.embedded?.split(' ') ?? [];
let app;
const postToApp = (message) => app?.source.postMessage({ connect: message }, app.origin);
const postHeight = () => postToApp({ height: Math.ceil(document.body.getBoundingClientRect().height) });
function postEvents() {
  for (const { dataset } of all('[data-message]'))
    postToApp({ event: dataset.message, detail: JSON.parse(dataset.detail) });
}

if (allowedOrigins.length > 0 && parent !== window) {
  addEventListener('message', ({ origin, source, data }) => {
    if (source !== parent || !allowedOrigins.includes(origin) || typeof data?.connect !== 'object') return;
    const { theme } = data.connect;
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
    if (app) return;
    app = { source, origin };
    new ResizeObserver(postHeight).observe(document.body);
    postHeight();
    postEvents();
  });
  document.addEventListener('click', ({ target }) => {
    if (target.closest('[data-close]')) postToApp({ close: true });
  });
  document.addEventListener('keydown', ({ key }) => {
    if (key === 'Escape' && !document.querySelector('details.menu[open]')) postToApp({ isEscape: true });
  });
  document.querySelector('form[data-go]')?.requestSubmit();
}
