// Keeps an open page true without reloading it: listens to changes, fetches its own address again when one
// concerns it, and puts the new #facts in the place of the old ones. A log asks for the lines that come.
// Everything it shows was made and escaped by the server; without it pages are complete, but stand still.

const body = document.body;
const live = document.getElementById('live');
const isLive = 'after' in body.dataset;
const build = Number(body.dataset.build || 0);  // 0: all builds concern this page
let after = body.dataset.after;
let source = null;
let awaiting = 0;
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
    }
    startCounting();
  } catch {
    awaiting = setTimeout(refresh, 5000);
  } finally {
    fetching = false;
  }
}

// Several changes in a short time cost one look.
function plan() {
  clearTimeout(awaiting);
  awaiting = setTimeout(refresh, 200);
}

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
}, 1000);

// ---- a log that grows

const log = document.getElementById('log');
const end = document.getElementById('end');
const mostBlocks = 2000;
let sticks = false;

const isAtEnd = () => innerHeight + scrollY >= document.documentElement.scrollHeight - 80;
const toEnd = () => scrollTo(0, document.documentElement.scrollHeight);

async function grow() {
  const {job, attempt, offset, line, look} = log.dataset;
  let wait = 1000;
  try {
    const answer = await fetch(`/jobs/${job}/log/tail?attempt=${attempt}&offset=${offset}&line=${line}&look=${look}`);
    if (!answer.ok) throw new Error(String(answer.status));
    const more = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('log');
    if (more.dataset.attempt !== attempt && attempt !== '0') return;
    if (more.children.length > 0) {
      log.querySelector('li.grows')?.remove();
      log.append(...more.children);
      while (log.children.length > mostBlocks) log.firstElementChild.remove();
      if (sticks) toEnd();
      wait = more.dataset.offset === offset ? 1000 : 250;
    }
    for (const name of ['attempt', 'offset', 'line', 'look']) log.dataset[name] = more.dataset[name];
    if (!('growing' in more.dataset)) {
      delete log.dataset.growing;
      end.textContent = 'end of the output';
      return plan();
    }
  } catch {
    wait = 3000;
  }
  setTimeout(grow, wait);
}

// Blocks of long lines are higher than they seemed before they were laid out: look until the line is there.
function showTarget(tries) {
  const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
  if (!target || tries === 0) return;
  const {top, bottom} = target.getBoundingClientRect();
  if (bottom < 0 || top > innerHeight) target.scrollIntoView({block: 'center'});
  requestAnimationFrame(() => showTarget(tries - 1));
}

if (log) {
  showTarget(20);
  const growing = 'growing' in log.dataset;
  if (growing) {
    sticks = !location.hash;
    if (sticks) toEnd();
    addEventListener('scroll', () => { sticks = isAtEnd(); }, {passive: true});
    setTimeout(grow, 300);
  }
  document.addEventListener('click', (event) => {
    if (event.target.closest?.('#to-end')) sticks = growing;
  });
}
