// What makes the pages better where there is JavaScript; each works without.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];

/** The parts that change by themselves, as they were sent: before anything here touches them. */
const shown = new Map(all('[data-live]').map((part) => [part.dataset.live, part.innerHTML]));

for (const form of all('form[data-submit-on-change]')) form.addEventListener('change', () => form.submit());

document.addEventListener('click', async ({ target }) => {
  const button = target.closest('[data-copy]');
  if (!button || button.dataset.says) return;
  const source = button.parentElement.querySelector('code');
  button.dataset.says = button.innerHTML;
  try {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = 'Copied';
  } catch {
    // Not allowed: selected, so that the keys copy it.
    getSelection().selectAllChildren(source);
    button.textContent = 'Selected';
  }
  setTimeout(() => {
    button.innerHTML = button.dataset.says;
    delete button.dataset.says;
  }, 1500);
});

// A link that looks like a button is pressed like one.
document.addEventListener('keydown', (event) => {
  if (event.key !== ' ' || !event.target.matches('a[role="button"]')) return;
  event.preventDefault();
  event.target.click();
});

// The reader's own time is a hover away; the page keeps UTC, as CloudTrail has it, and nothing moves.
function localTimes(root) {
  for (const time of all('time[datetime]', root))
    time.title = new Date(time.dateTime).toLocaleString([], { dateStyle: 'full', timeStyle: 'long' });
}
localTimes(document);

// The ARN is checked as it is typed, with the rules that the service has too.
const arnProblem = (text) => {
  if (/\s/.test(text)) return 'There is a space or a line end in it: copy the ARN alone.';
  if (text.includes(':assumed-role/')) return 'This is a session of a role. Copy the ARN of the role itself.';
  if (/:(user|group|policy|instance-profile)\//.test(text))
    return 'This is not a role’s ARN: it must have “:role/” in it.';
  const [prefix, partition, service, region, account, resource] = text.split(':');
  if (!'arn'.startsWith(prefix.slice(0, 3)) || (text.length > 3 && prefix !== 'arn'))
    return 'It must begin with “arn:”.';
  if (partition && account !== undefined && !/^aws(-us-gov|-cn|-eusc)?$/.test(partition))
    return `There is no AWS partition “${partition}”.`;
  if (service !== undefined && region !== undefined && service !== 'iam')
    return 'It must be of IAM: “arn:aws:iam::…”.';
  if (account !== undefined && resource !== undefined && !/^\d{12}$/.test(account))
    return 'The account must be 12 digits.';
  if (resource && resource.length > 5 && !resource.startsWith('role/'))
    return 'After the account it must go on with “role/”.';
  return undefined;
};
for (const input of all('input[data-arn]')) {
  const hint = input.form.querySelector('[data-arn-hint]');
  const usual = hint.textContent;
  input.addEventListener('input', () => {
    const text = input.value;
    const problem = text === '' ? undefined : arnProblem(text);
    const isWhole = /^arn:aws(-us-gov|-cn|-eusc)?:iam::\d{12}:role\/[\w+=,.@/-]+$/.test(text);
    if (text === '') input.removeAttribute('aria-invalid');
    else if (problem) input.setAttribute('aria-invalid', 'true');
    else if (isWhole) input.setAttribute('aria-invalid', 'false');
    else input.removeAttribute('aria-invalid');
    hint.textContent = problem ?? (isWhole ? 'This is a role’s ARN.' : usual);
  });
}

// A press counts once, and says that something is going on.
for (const form of all('form'))
  form.addEventListener('submit', () => {
    const button = form.querySelector('button[data-busy]');
    if (!button || form.hasAttribute('data-check')) return;
    button.setAttribute('aria-busy', 'true');
    button.textContent = button.dataset.busy;
    setTimeout(() => {
      button.disabled = true;
    });
  });

// The checks appear one by one, while IAM propagates.
for (const form of all('form[data-check]')) {
  const progress = document.querySelector('[data-check-progress]');
  // It is in the step after the form's.
  const button = [...form.elements].find(({ type }) => type === 'submit');
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const label = button.textContent;
    button.disabled = true;
    button.setAttribute('aria-busy', 'true');
    progress.innerHTML = '<ol class="checks"></ol>';
    const list = progress.firstChild;
    const waiting = document.createElement('li');
    waiting.className = 'check waiting';
    waiting.textContent = 'Asking AWS…';
    list.append(waiting);
    const seen = new Set();
    try {
      const response = await fetch(form.action, {
        method: 'POST',
        headers: { accept: 'application/x-ndjson' },
        body: new URLSearchParams(new FormData(form)),
      });
      if (!response.ok) return form.submit();
      for await (const line of linesOf(response.body)) {
        if (line.check && !seen.has(line.check)) {
          seen.add(line.check);
          waiting.insertAdjacentHTML('beforebegin', line.html);
          localTimes(list);
          waiting.textContent = 'Asking AWS…';
        }
        if (line.waiting)
          waiting.textContent =
            'AWS does not know the role yet. A new role takes a few seconds, rarely a minute: trying again…';
        if (line.done) return goTo(line.done);
        if (line.refused) {
          waiting.remove();
          progress.insertAdjacentHTML('afterbegin', line.refused);
        }
      }
    } catch {
      waiting.textContent = 'The connection to this page was lost. Check again.';
    } finally {
      button.disabled = false;
      button.removeAttribute('aria-busy');
      button.textContent = label;
    }
  });
}

/** Also where only the part behind the # would change. */
function goTo(address) {
  const before = location.href;
  location.href = address;
  if (location.href.split('#')[0] === before.split('#')[0]) location.reload();
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

// What a deploy changes meanwhile appears by itself.
const live = all('[data-live]');
if (live.length > 0) {
  const refresh = async () => {
    if (document.hidden) return;
    const response = await fetch(location.href, {
      headers: { accept: 'text/html', 'x-rolebridge-live': '1' },
    }).catch(() => undefined);
    if (!response?.ok || response.redirected) return;
    const fresh = new DOMParser().parseFromString(await response.text(), 'text/html');
    for (const part of all('[data-live]')) {
      const next = fresh.querySelector(`[data-live="${part.dataset.live}"]`)?.innerHTML;
      if (next === undefined || next === shown.get(part.dataset.live)) continue;
      // Nobody loses what they are at: it is taken up when they have left it.
      if (part.contains(document.activeElement)) continue;
      shown.set(part.dataset.live, next);
      part.innerHTML = next;
      // More of the page is another one now, unless somebody is in the middle of something.
      if (part.querySelector(`.${part.dataset.reloadWhen}`) && !document.querySelector('[aria-busy="true"]'))
        location.reload();
      localTimes(part);
    }
  };
  refresh();
  setInterval(refresh, 3000);
}
