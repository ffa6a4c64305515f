// A log of any length as if all of it were in the page: rows are fetched and laid out where somebody looks, and the
// room of the others is guessed until then. Steps fold, lines have addresses, a search goes through the whole log.
// Rows were made and escaped by the server; without this script the page shows them in pages.

const box = document.getElementById('log');
const {job} = box.dataset;
const tools = (id) => document.getElementById(id);
const endNote = document.getElementById('end');
const rowsAtATime = 200;
const rowsAround = 60;     // laid out above and below what is seen
const rowsKept = 6000;     // of those that were fetched
const searchedAtOnce = 4000000;  // bytes: longer logs are searched when somebody asks for it, not as he types
const tallest = 8000000;   // pixels; browsers lose their way in pages that are much taller

// ---- what is known of the log

let attempt, rows, lines, known, bytes, state;
const fetched = new Map();  // row: its <li>
const blanks = new Map();   // row: what stands in its place until it is fetched
const coming = new Set();   // stretches that are being fetched

function learn({attempt: number, rows: r, lines: l, known: k, bytes: b, state: s}) {
  attempt = number;
  [rows, lines, known, bytes] = [r, l, k, b].map(Number);
  state = s;
}

function keep(row, item) {
  item.row = row;
  fetched.set(row, item);
  blanks.delete(row);
}

async function ask(what, parameters, signal) {
  const answer = await fetch(`/jobs/${job}/log/${what}?` + new URLSearchParams({attempt, ...parameters}), {signal});
  if (!answer.ok) throw new Error(String(answer.status));
  return answer;
}

async function fetchRows(row, count) {
  const text = await (await ask('rows', {row, count})).text();
  const list = new DOMParser().parseFromString(text, 'text/html').getElementById('rows');
  learn(list.dataset);
  [...list.children].forEach((item, i) => keep(row + i, document.adoptNode(item)));
  return list.dataset;
}

const places = async (parameters) => (await ask('places', parameters)).json();
const rowOfLine = async (line) => lines === rows ? line - 1 : (await places({line})).row;

// ---- what is shown: sections, one after the other, each with a header unless it is the only one

let sections = [];
let total = 0;  // items: headers, and the rows of what is open

function lay() {
  total = 0;
  sections.forEach((section, i) => {
    section.end = i + 1 < sections.length ? sections[i + 1].row : rows;
    section.first = total;
    section.size = (section.header ? 1 : 0) + (section.open ? Math.max(section.end - section.row, 0) : 0);
    total += section.size;
  });
}

const sectionOfRow = (row) => sections.findLast((section) => section.row <= row) || sections[0];
const sectionOfItem = (item) => sections.findLast((section) => section.first <= item && section.size > 0) || sections[0];

// Opens the section that the row is in.
function itemOfRow(row) {
  const section = sectionOfRow(row);
  if (!section.open) fold(section, true);
  return section.first + (section.header ? 1 : 0) + row - section.row;
}

function nodeOf(item) {
  const section = sectionOfItem(item);
  const inside = item - section.first - (section.header ? 1 : 0);
  if (inside < 0) return section.header;
  const row = section.row + inside;
  if (fetched.has(row)) return fetched.get(row);
  if (!blanks.has(row)) {
    const blank = document.createElement('li');
    blank.className = 'blank';
    blank.row = row;
    blanks.set(row, blank);
  }
  return blanks.get(row);
}

// ---- the window: what of it is laid out

const above = document.createElement('div');
const list = document.createElement('ol');
const below = document.createElement('div');
list.className = 'output';
let from = 0, to = 0;       // items that are laid out
let height = 20;            // of an item, on average
let pinned = null;          // an item that is to stay in the middle until what is around it has come
let anchor = null;          // an item and where on the screen it stood when its reader last moved
let sticks = false;         // to the end of what grows

const guess = (items) => items * Math.min(height, tallest / Math.max(total, 1));
const setAbove = (pixels) => { above.style.height = `${pixels}px`; };
const setBelow = () => { below.style.height = to < total ? `${Math.max(guess(total - to), 2000)}px` : '0'; };
const seen = () => Math.ceil(innerHeight / Math.max(height, 10));

function layOut(first, last) {
  from = Math.max(0, Math.min(first, total));
  to = Math.min(total, Math.max(last, from));
  const wanted = [];
  for (let item = from; item < to; ++item) wanted.push(nodeOf(item));
  const stays = new Set(wanted);
  for (const child of [...list.children]) if (!stays.has(child)) child.remove();
  let at = list.firstChild;
  for (const node of wanted) {
    if (node === at) at = at.nextSibling;
    else list.insertBefore(node, at);
  }
  mark();
  fetchMissing();
}

// What stands at the top of the screen stays there, whatever comes or goes around it.
function layOutAround(item, first, last) {
  const before = nodeOf(item).getBoundingClientRect().top;
  layOut(first, last);
  const now = () => nodeOf(item).getBoundingClientRect().top;
  setAbove(from === 0 ? 0 : Math.max(0, above.offsetHeight + before - now()));
  setBelow();
  const moved = now() - before;
  if (Math.abs(moved) > 0.5) scrollBy(0, moved);
}

// The first and the last item that are seen; null if none of those that are laid out is.
function onScreen() {
  const {children} = list;
  const find = (edge) => {
    let low = 0, high = children.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (children[middle].getBoundingClientRect().bottom > edge) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  const {top, bottom} = list.getBoundingClientRect();
  if (children.length === 0 || bottom <= 0 || top >= innerHeight) return null;
  return {first: from + find(0), last: from + Math.min(find(innerHeight), children.length - 1)};
}

function update() {
  if (total === 0) return;
  const screen = onScreen();
  if (!screen) return jump();
  anchor = {item: screen.first, top: nodeOf(screen.first).getBoundingClientRect().top};
  const isShort = (from > 0 && screen.first - from < rowsAround / 2) || (to < total && to - screen.last < rowsAround / 2);
  if (isShort) layOutAround(screen.first, screen.first - rowsAround, screen.last + rowsAround);
}

// To where somebody dragged the scroll bar.
function jump() {
  const {top, height: all} = box.getBoundingClientRect();
  if (top >= innerHeight || top + all <= 0) return;
  const room = Math.max(all - innerHeight, 1);
  const item = Math.round(Math.min(Math.max(-top / room, 0), 1) * Math.max(total - seen(), 0));
  layOut(item - rowsAround, item + seen() + rowsAround);
  const {top: listTop} = list.getBoundingClientRect();
  const inside = nodeOf(item).getBoundingClientRect().top - listTop;
  setAbove(from === 0 ? 0 : Math.max(0, Math.max(-top, 0) - inside));
  setBelow();
}

// When nobody scrolls: the rooms above and below as they are guessed by now, with nothing seen to move.
function settle() {
  if (total === 0 || list.children.length === 0) return;
  height = list.offsetHeight / list.children.length || height;
  const change = (from === 0 ? 0 : guess(from)) - above.offsetHeight;
  const {top} = list.getBoundingClientRect();
  setAbove(above.offsetHeight + change);
  setBelow();
  const moved = list.getBoundingClientRect().top - top;
  if (top < innerHeight && Math.abs(moved) > 0.5) scrollBy(0, moved);
  update();
}

function again() {
  const screen = onScreen();
  if (sticks) return toEnd();
  if (pinned !== null) return show(pinned);
  if (!screen) return layOut(from, to), setBelow(), update();
  const item = Math.min(screen.first, total - 1);
  layOutAround(item, item - rowsAround, screen.last + rowsAround);
}

function show(item) {
  layOut(item - rowsAround, item + seen() + rowsAround);
  setAbove(guess(from));
  setBelow();
  nodeOf(item).scrollIntoView({block: 'center'});
  pinned = list.querySelector('.blank') ? item : null;
}

// Rows have other heights now: who reads goes on where he was.
function restore() {
  if (!anchor || total === 0) return again();
  const {item, top} = anchor;
  layOut(item - rowsAround, item + seen() + rowsAround);
  height = list.offsetHeight / list.children.length || height;
  setAbove(guess(from));
  setBelow();
  scrollBy(0, nodeOf(Math.min(item, total - 1)).getBoundingClientRect().top - top);
}

function toEnd() {
  layOut(total - seen() - rowsAround, total);
  setAbove(guess(from));
  setBelow();
  scrollTo(0, document.documentElement.scrollHeight);
}

async function fetchMissing() {
  const missing = new Set();
  for (const child of list.children)
    if (child.classList.contains('blank')) missing.add(Math.floor(child.row / rowsAtATime));
  for (const stretch of missing) {
    if (coming.has(stretch)) continue;
    coming.add(stretch);
    // A stretch of long rows comes in several answers.
    let row = stretch * rowsAtATime;
    while (fetched.has(row)) ++row;
    fetchRows(row, (stretch + 1) * rowsAtATime - row)
      .then(() => { coming.delete(stretch); forget(); again(); })
      .catch(() => setTimeout(() => { coming.delete(stretch); fetchMissing(); }, 2000));
  }
}

function forget() {
  if (fetched.size < 2 * rowsKept) return;
  const middle = list.querySelector('li:not(.fold)')?.row ?? 0;
  for (const row of [...fetched.keys()]) if (Math.abs(row - middle) > rowsKept / 2) fetched.delete(row);
  blanks.clear();
}

// ---- folding

function fold(section, open) {
  section.open = open;
  section.header.firstChild.setAttribute('aria-expanded', String(open));
  lay();
}

function headerOf(step) {
  const header = document.createElement('li');
  const button = document.createElement('button');
  header.className = 'fold';
  button.type = 'button';
  button.append(...[...step.querySelector('a').childNodes].map((node) => node.cloneNode(true)));
  header.append(button);
  return header;
}

async function useSections(opensAll) {
  const steps = [...document.querySelectorAll('#steps li')];
  if (steps.length === 0) {
    sections = [{row: 0, open: true, header: null}];
    return lay();
  }
  const begins = steps[0].dataset.row !== undefined
    ? steps.map((step) => Number(step.dataset.row))
    : (await places({offsets: steps.map((step) => step.dataset.offset).join()})).rows;
  sections = steps.map((step, i) => ({row: begins[i], open: opensAll || 'open' in step.dataset,
                                      failed: 'failed' in step.dataset, header: headerOf(step),
                                      offset: step.dataset.offset, until: steps[i + 1]?.dataset.offset || 0}));
  for (const section of sections) {
    section.header.section = section;
    fold(section, section.open);
  }
  document.documentElement.classList.add('folds');
}

list.addEventListener('click', (event) => {
  const header = event.target.closest('.fold');
  if (!header) return;
  pinned = null;
  sticks = false;
  const {top} = header.getBoundingClientRect();
  fold(header.section, !header.section.open);
  const item = header.section.first;
  layOut(item - rowsAround, item + seen() + rowsAround);
  setAbove(guess(from));
  setBelow();
  scrollBy(0, header.getBoundingClientRect().top - top);
});

// ---- lines that have been picked: #L12, #L12-L20

let picked = null;  // [first, last]

const inHash = () => {
  const match = /^#L(\d+)(?:-L?(\d+))?$/.exec(location.hash);
  if (!match) return null;
  const ends = [Number(match[1]), Number(match[2] || match[1])];
  return ends[0] > 0 ? ends.sort((a, b) => a - b) : null;
};

async function showPicked() {
  picked = inHash();
  mark();
  if (!picked || picked[0] > lines) return;
  sticks = false;
  show(itemOfRow(await rowOfLine(picked[0])));
}

list.addEventListener('click', (event) => {
  const link = event.target.closest('li > a');
  if (!link || !link.hash.startsWith('#L')) return;
  event.preventDefault();
  const line = Number(link.hash.slice(2));
  picked = event.shiftKey && picked ? [picked[0], line].sort((a, b) => a - b) : [line, line];
  history.replaceState(null, '', picked[0] === picked[1] ? `#L${line}` : `#L${picked[0]}-L${picked[1]}`);
  getSelection().removeAllRanges();
  mark();
});

// ---- search

let found = {rows: [], set: new Set(), count: 0, at: -1, text: ''};
let firstError = null;
let turn = 0;

function mark() {
  let line = 0;
  const ranges = [];
  for (const item of list.children) {
    if (item.id.startsWith('L')) line = Number(item.id.slice(1));
    const {classList} = item;
    classList.toggle('picked', picked !== null && line >= picked[0] && line <= picked[1] && !classList.contains('fold'));
    classList.toggle('hit', found.set.has(item.row));
    classList.toggle('current', found.at >= 0 && found.rows[found.at] === item.row);
    classList.toggle('first-error', firstError !== null && firstError === item.row);
    const isThere = !classList.contains('blank');
    if (found.text && isThere && found.set.has(item.row)) ranges.push(...rangesIn(item));
  }
  if (window.Highlight) CSS.highlights.set('found', new Highlight(...ranges));
}

// Where the text stands in a row; a text that is cut by a change of colour is only marked as a row.
function rangesIn(item) {
  const ranges = [];
  const walker = document.createTreeWalker(item.lastChild, NodeFilter.SHOW_TEXT);
  const fits = (text) => tools('tools').querySelector('[name=case]').checked ? text : text.toLowerCase();
  const wanted = fits(found.text);
  while (walker.nextNode()) {
    const text = fits(walker.currentNode.data);
    for (let at = text.indexOf(wanted); at >= 0 && ranges.length < 100; at = text.indexOf(wanted, at + wanted.length)) {
      const range = new Range();
      range.setStart(walker.currentNode, at);
      range.setEnd(walker.currentNode, Math.min(at + wanted.length, walker.currentNode.length));
      ranges.push(range);
    }
  }
  return ranges;
}

function say(words) {
  if (tools('found').textContent !== words) tools('found').textContent = words;
}

let searching = null;

async function search() {
  const mine = ++turn;
  searching?.abort();  // which ends it on the server, too
  searching = new AbortController();
  const form = tools('tools').querySelector('form');
  const q = form.q.value;
  found = {rows: [], set: new Set(), count: 0, at: -1, text: form.regex.checked ? '' : q, asked: q};
  for (const id of ['previous', 'next']) tools(id).hidden = true;
  mark();
  if (!q) return say('');
  say('searching');
  try {
    const answer = await (await ask('search', {q, ...(form.case.checked && {case: 1}),
                                               ...(form.regex.checked && {regex: 1})}, searching.signal)).json();
    if (mine !== turn) return;
    if (answer.error) return say(answer.error);
    found.rows = answer.rows;
    found.set = new Set(answer.rows);
    found.count = answer.count;
  } catch {
    if (mine !== turn) return;
    found.asked = null;
    return say('the search did not come to its end: try again');
  }
  if (found.count === 0) return mark(), say('no line has it');
  for (const id of ['previous', 'next']) tools(id).hidden = false;
  const screen = onScreen();
  const top = screen ? sectionOfItem(screen.first).row + Math.max(screen.first - sectionOfItem(screen.first).first, 0) : 0;
  const after = found.rows.findIndex((row) => row >= top);
  go(after < 0 ? 0 : after);
}

function go(to_) {
  const {length} = found.rows;
  if (length === 0) return;
  found.at = (to_ + length) % length;
  const more = found.count > length && found.at === length - 1 ? ', more were not kept' : '';
  say(`${(found.at + 1).toLocaleString('en')} of ${found.count.toLocaleString('en')} lines${more}`);
  sticks = false;
  show(itemOfRow(found.rows[found.at]));
}

async function findFirstError() {
  const failed = sections.find((section) => section.failed);
  if (!failed) return;
  const {rows: [row]} = await (await ask('search', {errors: 1, from: failed.offset, to: failed.until})).json();
  if (row === undefined) return;
  firstError = row;
  tools('first-error').hidden = false;
  mark();
}

function toFirstError() {
  if (firstError === null) return;
  sticks = false;
  show(itemOfRow(firstError));
}

// ---- what grows

const isAtEnd = () => to === total && innerHeight + scrollY >= document.documentElement.scrollHeight - 80;

function tellFollow() {
  tools('follow').hidden = state === 'complete';
  tools('follow').setAttribute('aria-pressed', String(sticks));
}

function follow(on) {
  sticks = on;
  pinned = null;
  if (on) toEnd();
  tellFollow();
}

async function grow() {
  let wait = 1000;
  if (document.hidden) return setTimeout(grow, wait);
  try {
    const before = known;
    const last = Math.max(rows - 1, 0);
    for (const [row, item] of fetched) if (item.classList.contains('grows')) fetched.delete(row);
    await fetchRows(last, rowsAtATime);
    if (known !== before || state !== 'growing') {
      wait = 250;
      lay();
      again();
    }
    endNote.textContent = state === 'complete' ? 'end of the output' : 'it goes on here';
    if (state === 'complete') {
      tellFollow();
      document.dispatchEvent(new Event('look-again'));
      return adoptSteps();
    }
  } catch {
    wait = 3000;
  }
  setTimeout(grow, wait);
}

// The steps of a job that ended while it was looked at.
async function adoptSteps() {
  if (state !== 'complete' || sections.some((section) => section.header)) return;
  await useSections(true).catch(() => {});
  again();
  findFirstError().catch(() => {});
}
document.addEventListener('facts', adoptSteps);

// ---- the beginning

// What the server's own rows showed at the top of the screen, to go on with it.
async function whereSomebodyReads() {
  const old = box.querySelector('ol');
  const item = old && [...old.children].find((one) => one.getBoundingClientRect().bottom > 0);
  if (!item || scrollY === 0) return null;
  const {top} = item.getBoundingClientRect();
  if (top > innerHeight / 2) return null;
  if (item.row !== undefined) return {row: item.row, top};
  const offset = Number(/^B(\d+)$/.exec(item.id)?.[1]);
  return Number.isNaN(offset) ? null : {row: (await places({offsets: offset})).rows[0], top};
}

async function readAll() {
  while (state === 'reading') {
    endNote.textContent = `counting lines: ${Math.floor(known * 100 / bytes)} %`;
    await fetchRows(0, 0);
  }
}

async function begin() {
  learn(box.dataset);
  const served = box.querySelector('ol.output');
  const hits = new URLSearchParams(location.search).has('q');
  if (!hits && box.dataset.first !== undefined && served)
    [...served.children].forEach((item, i) => keep(Number(box.dataset.first) + i, item));
  await readAll();
  await useSections(false);
  const place = hits ? null : await whereSomebodyReads();
  const asked = new URLSearchParams(location.search);
  box.replaceChildren(above, list, below);
  document.documentElement.classList.add('scrolls');
  endNote.textContent = state === 'complete' ? (bytes > 0 ? 'end of the output' : 'it wrote nothing')
                                             : attempt === '0' ? 'nothing yet' : 'it goes on here';
  layOut(0, seen() + rowsAround);
  setBelow();
  settle();
  if (place) {
    const item = itemOfRow(place.row);
    layOut(item - rowsAround, item + seen() + rowsAround);
    setAbove(guess(from));
    setBelow();
    scrollBy(0, nodeOf(item).getBoundingClientRect().top - place.top);
  }
  tools('wrap').hidden = false;
  tools('times').hidden = false;
  if (hits) search();
  else if (inHash()) await showPicked();
  else if (!place && asked.has('line')) show(itemOfRow(await rowOfLine(Number(asked.get('line')))));
  else if (!place && asked.has('offset')) show(itemOfRow((await places({offsets: asked.get('offset')})).rows[0]));
  if (state !== 'complete') {
    sticks = !inHash() && !hits;
    if (sticks) toEnd();
    setTimeout(grow, 200);
  }
  tellFollow();
  listenToReader();
  await findFirstError();
}

function setWrap(on) {
  update();
  box.classList.toggle('nowrap', !on);
  tools('wrap').setAttribute('aria-pressed', String(on));
  localStorage.setItem('wrap', on ? 'on' : 'off');
  restore();
}

// Which of the times that the rows bring is shown is the style's to do: none of them is text of the page.
const timeWords = {none: 'times', relative: 'times: relative', absolute: 'times: absolute'};

function setTimes(which) {
  update();
  if (which === 'none') delete box.dataset.times;
  else box.dataset.times = which;
  tools('times').setAttribute('aria-pressed', String(which !== 'none'));
  tools('times').textContent = timeWords[which];
  localStorage.setItem('times', which);
  restore();
}

function nextTimes() {
  const names = Object.keys(timeWords);
  setTimes(names[(names.indexOf(box.dataset.times || 'none') + 1) % names.length]);
}

function listenToReader() {
  let idle = 0, frame = 0;
  addEventListener('scroll', () => {
    if (!frame) frame = requestAnimationFrame(() => { frame = 0; update(); });
    if (state !== 'complete') {
      sticks = isAtEnd();
      tellFollow();
    }
    clearTimeout(idle);
    idle = setTimeout(settle, 150);
  }, {passive: true});
  for (const kind of ['wheel', 'touchmove', 'mousedown', 'keydown'])
    addEventListener(kind, () => { pinned = null; }, {passive: true, capture: true});
  addEventListener('resize', restore);
  addEventListener('hashchange', () => showPicked());
  const form = tools('tools').querySelector('form');
  let typing = 0;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    clearTimeout(typing);
    if (found.asked === form.q.value) return go(found.at + 1);
    search();
  });
  form.addEventListener('input', () => {
    clearTimeout(typing);
    found.asked = null;
    if (bytes <= searchedAtOnce || !form.q.value) typing = setTimeout(search, 400);
    else say('Enter searches');
  });
  form.q.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    form.q.value = '';
    search();
    box.focus({preventScroll: true});
  });
  tools('previous').addEventListener('click', () => go(found.at - 1));
  tools('next').addEventListener('click', () => go(found.at + 1));
  tools('first-error').addEventListener('click', toFirstError);
  tools('follow').addEventListener('click', () => follow(!sticks));
  tools('wrap').addEventListener('click', () => setWrap(box.classList.contains('nowrap')));
  if (localStorage.getItem('wrap') === 'off') setWrap(false);
  tools('times').addEventListener('click', nextTimes);
  const times = new URLSearchParams(location.search).get('time') || localStorage.getItem('times');
  if (times !== 'none' && Object.hasOwn(timeWords, times)) setTimes(times);
  const keys = {
    '/': () => { form.q.focus(); form.q.select(); },
    n: () => go(found.at + 1),
    N: () => go(found.at - 1),
    e: toFirstError,
    f: () => follow(true),
    w: () => setWrap(box.classList.contains('nowrap')),
    T: nextTimes,
    g: () => { sticks = false; scrollTo(0, 0); },
    G: () => { pinned = null; toEnd(); },
  };
  addEventListener('keydown', (event) => {
    const isTyping = event.target.closest?.('input, textarea, select, dialog');
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys)) return;
    event.preventDefault();
    keys[event.key]();
  });
}

begin().catch(() => { endNote.textContent = 'not all of the output can be shown now: load the page again'; });
