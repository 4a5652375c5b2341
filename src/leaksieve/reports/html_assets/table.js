// The table: filtered, sorted and shown by pages, so that ten thousand findings cost no more than a hundred.
const PRINTED = 1000;
const COLUMNS = [
  ['severity', 'Severity', (finding) => -finding.severity],
  ['what', 'What', (finding) => finding.name.toLowerCase()],
  ['where', 'Where', (finding) => pathOf(finding).toLowerCase()],
  ['secret', 'Secret', (finding) => finding.secret.toLowerCase()],
  ['author', 'Author', (finding) => finding.author.toLowerCase()],
  ['since', 'Since', (finding) => finding.since],
  ['state', 'State', (finding) => finding.state],
];
const now = { words: [], state: 'open', least: 0, rule: -1, column: 0, falling: false, size: 100, page: 0, shown: [], all: false };
const open = new Set();
// Everything of a finding that is searched, in lower case; made when first needed.
let haystacks = null;

function haystack(finding) {
  const rule = DATA.rules[finding.rule];
  const places = finding.places.map((place) => place.at + ' ' + place.from);
  return [rule.id, finding.name, finding.secret, finding.fingerprint, finding.author, finding.tags.join(' '), finding.why, SEVERITIES[finding.severity], ...places]
    .join('\n')
    .toLowerCase();
}

function matches(finding, index) {
  if (finding.severity < now.least || (now.rule >= 0 && finding.rule !== now.rule)) {
    return false;
  }
  if (now.state === 'open' ? !isOpen(finding) : now.state !== 'all' && finding.state !== now.state) {
    return false;
  }
  return now.words.every((word) => haystacks[index].includes(word));
}

function choose() {
  if (now.words.length && !haystacks) {
    haystacks = FINDINGS.map(haystack);
  }
  const key = COLUMNS[now.column][2];
  const chosen = [];
  FINDINGS.forEach((finding, index) => {
    if (matches(finding, index)) {
      chosen.push([key(finding), index]);
    }
  });
  const sign = now.falling ? -1 : 1;
  // What is not known stands last, whichever way.
  chosen.sort((one, other) => {
    if (one[0] === other[0]) {
      return one[1] - other[1];
    }
    if (one[0] === '' || other[0] === '') {
      return one[0] === '' ? 1 : -1;
    }
    return (one[0] < other[0] ? -1 : 1) * sign;
  });
  now.shown = chosen.map((pair) => pair[1]);
}

function pagesOf() {
  return Math.max(1, Math.ceil(now.shown.length / now.size));
}

function render() {
  const rows = byId('rows');
  const from = now.all ? 0 : now.page * now.size;
  const upto = now.all ? Math.min(PRINTED, now.shown.length) : Math.min(from + now.size, now.shown.length);
  const fragment = document.createDocumentFragment();
  for (const index of now.shown.slice(from, upto)) {
    fragment.append(row(index));
    if (open.has(index)) {
      fragment.append(details(index));
    }
  }
  if (!now.shown.length) {
    fragment.append(make('tr', {}, make('td', { colspan: COLUMNS.length }, FINDINGS.length ? 'Nothing matches.' : 'No secrets were found.')));
  }
  rows.replaceChildren(fragment);
  byId('unprinted').textContent = now.all && now.shown.length > PRINTED ? counted(now.shown.length - PRINTED, 'further finding') + ' not printed; narrow the table to print them.' : '';
  COLUMNS.forEach((column, number) => {
    const cell = byId('head').children[number];
    if (number === now.column) {
      cell.setAttribute('aria-sort', now.falling ? 'descending' : 'ascending');
    } else {
      cell.removeAttribute('aria-sort');
    }
    cell.querySelector('.arrow').textContent = number === now.column ? (now.falling ? ' ▼' : ' ▲') : '';
  });
  if (!now.all) {
    tell(from, upto);
  }
}

function tell(from, upto) {
  const total = now.shown.length;
  const column = COLUMNS[now.column][1].toLowerCase();
  const range = total > now.size ? ', rows ' + NUMBERS.format(from + 1) + ' to ' + NUMBERS.format(upto) : '';
  const of = total === FINDINGS.length ? '' : ' of ' + NUMBERS.format(FINDINGS.length);
  byId('status').textContent = NUMBERS.format(total) + of + (FINDINGS.length === 1 ? ' finding' : ' findings') + range + '; sorted by ' + column + (now.falling ? ', reversed' : '');
  byId('place').textContent = 'Page ' + NUMBERS.format(now.page + 1) + ' of ' + NUMBERS.format(pagesOf());
  // Not `disabled`, which would take the focus away from a button that was just pressed.
  for (const [id, off] of [['first', now.page === 0], ['previous', now.page === 0], ['next', now.page >= pagesOf() - 1], ['last', now.page >= pagesOf() - 1]]) {
    byId(id).setAttribute('aria-disabled', String(off));
  }
  byId('pages').hidden = total <= now.size;
}

function row(index) {
  const finding = FINDINGS[index];
  const first = finding.places[0];
  const isShown = open.has(index);
  const button = make('button', { type: 'button', 'aria-expanded': String(isShown), 'data-index': index }, finding.name);
  if (isShown) {
    button.setAttribute('aria-controls', 'details-' + index);
  }
  const others = finding.places.length - 1 + finding.more;
  const what = make('td', { class: 'what' }, button);
  if (finding.verdict) {
    what.append(' ', make('strong', {}, finding.verdict));
  }
  if (finding.tags.includes('test')) {
    what.append(' ', make('span', { class: 'dim' }, 'test or example'));
  }
  const where = make('td', { class: 'where mono' }, first ? first.at : '');
  if (others > 0) {
    where.append(' ', make('span', { class: 'dim' }, 'and ' + counted(others, 'more place')));
  }
  return make(
    'tr',
    {},
    make('td', {}, severity(finding.severity)),
    what,
    where,
    make('td', { class: 'mono' }, finding.secret),
    make('td', {}, finding.author),
    make('td', { class: 'day' }, day(finding.since)),
    make('td', {}, STATES[finding.state]),
  );
}

function fact(list, name, ...value) {
  if (value.some((part) => part !== '')) {
    list.append(make('div', {}, make('dt', {}, name), make('dd', {}, ...value)));
  }
}

// The line with the masked secret marked; of several equal ones the one nearest to the column.
function context(place, secret) {
  const pre = make('pre', {});
  const text = place.context;
  let at = -1;
  for (let found = secret ? text.indexOf(secret) : -1; found >= 0; found = text.indexOf(secret, found + 1)) {
    if (at < 0 || Math.abs(found - place.column) < Math.abs(at - place.column)) {
      at = found;
    }
  }
  if (at < 0) {
    pre.append(text);
  } else {
    pre.append(text.slice(0, at), make('mark', {}, secret), text.slice(at + secret.length));
  }
  return pre;
}

function listed(finding, place) {
  const item = make('li', {}, make('code', {}, place.at));
  if (place.from) {
    item.append('; ' + place.from);
  }
  if (place.owners) {
    item.append(make('span', { class: 'dim' }, ' (owned by ' + place.owners + ')'));
  }
  if (place.allowed || place.before) {
    item.append(make('span', { class: 'dim' }, ' (' + (place.allowed ? 'allowed: ' + place.allowed : 'there before this change') + ')'));
  }
  if (place.context) {
    item.append(context(place, finding.secret));
  }
  return item;
}

function details(index) {
  const finding = FINDINGS[index];
  const rule = DATA.rules[finding.rule];
  const facts = make('dl', {});
  fact(facts, 'Secret', make('code', {}, finding.secret));
  fact(facts, 'Confidence', finding.confidence);
  fact(facts, 'About', finding.about);
  fact(facts, 'Live check', finding.live);
  fact(facts, 'With', finding.parts.map((part) => part.join('=')).join(', '));
  fact(facts, 'In stores', finding.links.join(', '));
  fact(facts, 'State', STATES[finding.state] + (finding.why ? ': ' + finding.why : ''));
  fact(facts, 'Tags', finding.tags.join(', '));
  fact(facts, 'Rule', make('code', {}, rule.id));
  fact(facts, 'Fingerprint', make('code', {}, finding.fingerprint));
  const addresses = make('dl', {});
  // As text: a report that was handed around leads nowhere by itself.
  fact(addresses, 'Rotate or revoke at', rule.rotation ? make('code', {}, rule.rotation) : '');
  fact(addresses, 'Documentation', rule.documentation ? make('code', {}, rule.documentation) : '');
  fact(addresses, 'No secret?', make('code', {}, 'leaksieve allow ' + finding.fingerprint + ' --reason "..."'));
  const places = finding.places.map((place) => listed(finding, place));
  if (finding.more) {
    places.push(make('li', {}, 'and ' + counted(finding.more, 'more place')));
  }
  const cell = make('td', { colspan: COLUMNS.length }, make('h3', {}, 'Where'), make('ul', {}, ...places), facts);
  if (rule.impact) {
    cell.append(make('h3', {}, 'Why it matters'), make('p', {}, rule.impact));
  }
  cell.append(make('h3', {}, 'How to fix it'), make('ol', {}, ...rule.revoke.map((step) => make('li', {}, step))), addresses);
  return make('tr', { class: 'details', id: 'details-' + index }, cell);
}

function toggle(button) {
  const index = Number(button.dataset.index);
  const line = button.closest('tr');
  if (open.delete(index)) {
    line.nextSibling.remove();
    button.removeAttribute('aria-controls');
  } else {
    open.add(index);
    line.after(details(index));
    button.setAttribute('aria-controls', 'details-' + index);
  }
  button.setAttribute('aria-expanded', String(open.has(index)));
}

function refresh() {
  now.page = 0;
  choose();
  render();
}

function heads() {
  COLUMNS.forEach(([, title], number) => {
    const button = make('button', { type: 'button' }, title, make('span', { class: 'arrow', 'aria-hidden': 'true' }));
    button.addEventListener('click', () => {
      now.falling = now.column === number && !now.falling;
      now.column = number;
      refresh();
    });
    byId('head').append(make('th', { scope: 'col' }, button));
  });
}

function turn(id, title, target) {
  const button = make('button', { type: 'button', id: id }, title);
  button.addEventListener('click', () => {
    const page = Math.min(Math.max(0, target()), pagesOf() - 1);
    if (page !== now.page) {
      now.page = page;
      render();
      byId('scroll').scrollIntoView({ block: 'nearest' });
    }
  });
  return button;
}

function pager() {
  byId('pages').append(
    turn('first', 'First', () => 0),
    turn('previous', 'Previous', () => now.page - 1),
    make('span', { id: 'place' }),
    turn('next', 'Next', () => now.page + 1),
    turn('last', 'Last', () => pagesOf() - 1),
  );
}

function options(id, rows, change) {
  const select = byId(id);
  select.append(...rows.map(([value, title]) => make('option', { value: value }, title)));
  select.addEventListener('change', () => {
    change(select.value);
    refresh();
  });
}

function filters() {
  const states = new Set(FINDINGS.map((finding) => finding.state));
  const known = Object.keys(STATES).filter((state) => states.has(state));
  const openOnes = FINDINGS.filter(isOpen).length;
  now.state = openOnes || !FINDINGS.length ? 'open' : 'all';
  options('state', [['open', 'what counts'], ['all', 'everything'], ...known.map((state) => [state, STATES[state]])], (value) => (now.state = value));
  byId('state').value = now.state;
  options('severity', [0, 1, 2, 3, 4].map((rank) => [rank, rank ? (rank < 4 ? SEVERITIES[rank] + ' and above' : SEVERITIES[rank]) : 'all']), (value) => (now.least = Number(value)));
  const rules = DATA.rules.map((rule, index) => [index, rule.name]).sort((one, other) => (one[1].toLowerCase() < other[1].toLowerCase() ? -1 : 1));
  options('rule', [[-1, 'all'], ...rules], (value) => (now.rule = Number(value)));
  options('size', [], (value) => (now.size = Number(value)));
  now.size = Number(byId('size').value);
  const search = byId('search');
  search.addEventListener('input', () => {
    now.words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    refresh();
  });
  // A browser may have kept what was typed before the page was loaded again.
  now.words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  document.addEventListener('keydown', (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName || '');
    if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      search.focus();
    } else if (event.key === 'Escape' && event.target === search && search.value) {
      event.preventDefault();
      search.value = '';
      search.dispatchEvent(new Event('input'));
    }
  });
}

function theme() {
  const button = byId('theme');
  const words = { '': 'Theme: as the system', light: 'Theme: light', dark: 'Theme: dark' };
  const order = ['', 'light', 'dark'];
  button.hidden = false;
  button.addEventListener('click', () => {
    const next = order[(order.indexOf(document.documentElement.dataset.theme || '') + 1) % 3];
    if (next) {
      document.documentElement.dataset.theme = next;
    } else {
      delete document.documentElement.dataset.theme;
    }
    button.textContent = words[next];
  });
}

function printing() {
  window.addEventListener('beforeprint', () => {
    now.all = true;
    render();
  });
  window.addEventListener('afterprint', () => {
    now.all = false;
    render();
  });
}

theme();
heads();
pager();
filters();
byId('rows').addEventListener('click', (event) => {
  const button = event.target.closest('button[data-index]');
  if (button) {
    toggle(button);
  }
});
printing();
refresh();
for (const section of document.querySelectorAll('[data-scripted]')) {
  section.hidden = false;
}
pictures();
