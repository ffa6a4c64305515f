// Keeps an open page true without reloading it: listens to changes, fetches its own address again when one
// concerns it, and puts the new #facts in the place of the old ones. Everything it shows was made and escaped by
// the server; without it pages are complete, but stand still.

const body = document.body;
const live = document.getElementById('live');
const isLive = 'after' in body.dataset;
const build = Number(body.dataset.build || 0);  // 0: all builds concern this page
let after = body.dataset.after;
let source = null;
let awaiting = 0;   // the look that is planned
let due = 0;        // when it is
let looked = -1e6;  // when the last one began
let fetching = false;

function say(words, state) {
  if (live.textContent !== words) live.textContent = words;
  live.className = state;
}

// ---- the facts

// A way to the element that has the focus which leads to its successor in the new facts.
function pathOfFocus(root) {
  const focused = document.activeElement;
  if (!focused || !root.contains(focused)) return null;
  const href = focused.getAttribute('href');
  if (!href) return null;
  const same = [...root.querySelectorAll('a')].filter((link) => link.getAttribute('href') === href);
  return {href, index: same.indexOf(focused)};
}

function restoreFocus(root, path) {
  if (!path) return;
  const same = [...root.querySelectorAll('a')].filter((link) => link.getAttribute('href') === path.href);
  (same[path.index] || same[0])?.focus({preventScroll: true});
}

// What was unfolded stays so: known by the link beside it.
const linkBeside = (details) => details.closest('li')?.querySelector('a')?.getAttribute('href');

function keepUnfolded(old, fresh) {
  const open = new Set([...old.querySelectorAll('details[open]')].map(linkBeside));
  for (const details of fresh.querySelectorAll('details')) details.open = open.has(linkBeside(details));
}

// For who hears the page: its title is how a build stands, its summary how the whole does.
function tell(old, fresh, title) {
  const summary = (facts) => facts.querySelector('.summary')?.textContent || '';
  const said = document.getElementById('said');
  if (title !== document.title) said.textContent = title;
  else if (summary(old) !== summary(fresh)) said.textContent = summary(fresh);
  document.title = title;
}

async function refresh() {
  if (fetching) return plan();
  fetching = true;
  looked = performance.now();
  try {
    const answer = await fetch(location.pathname + location.search, {headers: {Accept: 'text/html'}});
    if (!answer.ok) throw new Error(String(answer.status));
    if (answer.redirected) return location.reload();  // signed out meanwhile
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const fresh = page.getElementById('facts');
    const old = document.getElementById('facts');
    if (fresh && old && fresh.innerHTML !== old.dataset.shown) {
      const focus = pathOfFocus(old);
      fresh.dataset.shown = fresh.innerHTML;
      keepUnfolded(old, fresh);
      old.replaceWith(fresh);
      restoreFocus(fresh, focus);
      tell(old, fresh, page.title);
      document.dispatchEvent(new Event('facts'));
    }
    startCounting();
  } catch {
    lookIn(5000);
  } finally {
    fetching = false;
  }
}

function lookIn(ms) {
  const at = performance.now() + ms;
  if (awaiting && due <= at) return;
  clearTimeout(awaiting);
  due = at;
  awaiting = setTimeout(() => {
    awaiting = 0;
    refresh();
  }, ms);
}

// Several changes in a short time cost one look, and changes without end one a second.
function plan() {
  lookIn(Math.max(200, looked + 1000 - performance.now()));
}

document.addEventListener('look-again', plan);

// ---- changes

function listen() {
  if (source) return;
  source = new EventSource('/events?after=' + encodeURIComponent(after));
  source.addEventListener('open', () => say('live', 'on'));
  source.addEventListener('error', () => say('not connected, trying again', 'off'));
  source.addEventListener('broker', (event) => {
    if (JSON.parse(event.data).away) return say('the broker does not answer: this is what was known', 'off');
    say('live', 'on');
    plan();
  });
  source.addEventListener('everything', (event) => {
    after = event.lastEventId || after;
    plan();
  });
  source.addEventListener('change', (event) => {
    after = event.lastEventId;
    const change = JSON.parse(event.data);
    if (build === 0 || change.build === build) plan();
  });
}

function stopListening() {
  source?.close();
  source = null;
}

// A browser has few connections to one server: a page that nobody sees gives its own back.
if (isLive) {
  listen();
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return stopListening();
    listen();
    plan();
  });
  addEventListener('pagehide', stopListening);
  addEventListener('pageshow', (event) => event.persisted && (listen(), plan()));
  const seconds = Number(document.querySelector('[data-refresh]')?.dataset.refresh || 0);
  if (seconds > 0) setInterval(() => document.hidden || plan(), seconds * 1000);
}

// ---- what goes on counts on

function duration(ms) {
  const s = Math.floor(ms / 1000), min = Math.floor(s / 60), h = Math.floor(min / 60);
  if (min < 1) return s + '.' + Math.floor(ms / 100) % 10 + ' s';
  if (h < 1) return min + ' min ' + s % 60 + ' s';
  if (h < 24) return h + ' h ' + min % 60 + ' min';
  return Math.floor(h / 24) + ' d ' + h % 24 + ' h';
}

let countedSince = performance.now();
function startCounting() { countedSince = performance.now(); }
setInterval(() => {
  for (const counter of document.querySelectorAll('[data-ms]'))
    counter.textContent = duration(Number(counter.dataset.ms) + performance.now() - countedSince);
  for (const bar of document.querySelectorAll('progress[data-ms-done]'))
    bar.value = Math.min(bar.max * 0.99, Number(bar.dataset.msDone) + performance.now() - countedSince);
}, 1000);

// ---- colours: as the system has them, light, dark

const themes = {system: ['◐', 'Colours: as the system'], light: ['○', 'Colours: light'], dark: ['●', 'Colours: dark']};
const toggle = document.getElementById('theme');

function showTheme() {
  const chosen = document.documentElement.dataset.theme || 'system';
  [toggle.textContent, toggle.title] = themes[chosen];
  toggle.setAttribute('aria-label', themes[chosen][1]);
}

function nextTheme() {
  const root = document.documentElement;
  const names = Object.keys(themes);
  const next = names[(names.indexOf(root.dataset.theme || 'system') + 1) % names.length];
  if (next === 'system') delete root.dataset.theme;
  else root.dataset.theme = next;
  localStorage.setItem('theme', next);
  showTheme();
}

toggle.hidden = false;
toggle.addEventListener('click', nextTheme);
showTheme();

// ---- keys

const help = document.getElementById('help');
const showHelp = document.getElementById('show-help');
showHelp.hidden = false;
showHelp.addEventListener('click', () => help.showModal());

const keys = {
  '?': () => help.open ? help.close() : help.showModal(),
  t: nextTheme,
  b: () => { location.href = '/'; },
  q: () => { location.href = '/queue'; },
};
addEventListener('keydown', (event) => {
  const isTyping = event.target.closest?.('input, textarea, select');
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(keys, event.key)) return;
  event.preventDefault();
  keys[event.key]();
});
