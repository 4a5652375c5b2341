// Pictures of what is open: how many of each kind, whose, how old, and how long each was to be seen.
const DAY = 24 * 3600 * 1000;
const AGES = [
  ['up to a week', 7],
  ['up to a month', 31],
  ['up to half a year', 183],
  ['up to a year', 366],
  ['up to three years', 3 * 366],
  ['older', Infinity],
];
const MOST_BARS = 10;
const MOST_LINES = 40;
const NOW = clock(DATA.started) || Date.now();

function figure(title, picture, broad) {
  return make('figure', broad ? { class: 'broad' } : {}, make('figcaption', {}, title), picture);
}

// A text that ends where its room does, with the whole of it as its title.
function label(text, top, width) {
  return draw('svg', { x: 0, y: top, width: width, height: 22 }, draw('text', { x: 0, y: 15 }, text, draw('title', {}, text)));
}

// Rows are [name, count, class], with class null for a sum that is no bar; said in words for those who do not see them.
function bars(title, rows) {
  const most = Math.max(1, ...rows.filter((row) => row[2] !== null).map((row) => row[1]));
  const words = rows.map((row) => row[0] + ' ' + NUMBERS.format(row[1])).join(', ');
  const picture = draw('svg', { viewBox: '0 0 560 ' + (rows.length * 24 + 4), role: 'img', 'aria-label': title + ': ' + words });
  rows.forEach(([name, count, kind], row) => {
    const top = row * 24 + 2;
    const width = count && kind !== null ? Math.max(2, (count / most) * 220) : 0;
    picture.append(label(name, top, 270));
    picture.append(draw('rect', { x: 280, y: top + 3, width: width, height: 15, rx: 2, class: kind || 'bar' }));
    picture.append(draw('text', { x: 286 + width, y: top + 15, class: 'count' }, NUMBERS.format(count)));
  });
  return figure(title, picture);
}

// [[name, how many], ...], most first; what is past the limit is one row.
function tally(names) {
  const counts = new Map();
  for (const name of names) {
    counts.set(name, (counts.get(name) || 0) + 1);
  }
  const rows = [...counts].sort((one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1));
  if (rows.length <= MOST_BARS) {
    return rows;
  }
  const rest = rows.slice(MOST_BARS - 1);
  return [...rows.slice(0, MOST_BARS - 1), [counted(rest.length, 'other'), rest.reduce((sum, row) => sum + row[1], 0), null]];
}

function ages(findings) {
  const counts = AGES.map(([name]) => [name, 0]);
  for (const finding of findings) {
    const days = (NOW - clock(finding.since)) / DAY;
    counts[AGES.findIndex((age) => days <= age[1])][1] += 1;
  }
  return counts;
}

function timeline(findings) {
  const spans = findings.map((finding) => {
    const end = clock(finding.until);
    return { finding, start: clock(finding.since), end: Number.isNaN(end) ? NOW : end, open: Number.isNaN(end) };
  });
  spans.sort((one, other) => other.end - other.start - (one.end - one.start));
  const shown = spans.slice(0, MOST_LINES).sort((one, other) => one.start - other.start);
  const first = Math.min(...shown.map((span) => span.start));
  const last = Math.max(NOW, ...shown.map((span) => span.end));
  const across = (time) => 300 + ((time - first) / Math.max(1, last - first)) * 560;
  const height = shown.length * 20 + 26;
  const title = 'Exposure: from the commit that brought a secret in to the one that took it out of the tree';
  const still = spans.filter((span) => span.open).length;
  const words = counted(spans.length, 'secret') + ' with a history, ' + NUMBERS.format(still) + ' of them not taken out; the first since ' + day(new Date(first).toISOString());
  const picture = draw('svg', { viewBox: '0 0 960 ' + height, role: 'img', 'aria-label': title + '. ' + words });
  for (let step = 0; step <= 4; step += 1) {
    const time = first + ((last - first) * step) / 4;
    const x = across(time);
    picture.append(draw('line', { x1: x, x2: x, y1: 0, y2: height - 20, class: 'axis' }));
    picture.append(draw('text', { x: x, y: height - 5, class: 'tick', 'text-anchor': 'middle' }, day(new Date(time).toISOString())));
  }
  shown.forEach(({ finding, start, end, open }, row) => {
    const top = row * 20 + 4;
    const name = finding.name + ', ' + pathOf(finding);
    const told = day(finding.since) + ' to ' + (open ? 'now' : day(finding.until));
    picture.append(label(name, top - 4, 290));
    const bar = draw('rect', { x: across(start), y: top, width: Math.max(3, across(end) - across(start)), height: 13, rx: 2, class: 'fill-' + finding.severity });
    bar.append(draw('title', {}, name + ': ' + told));
    picture.append(bar);
    picture.append(draw('text', { x: Math.min(across(end) + 4, 864), y: top + 11, class: 'tick' }, open ? 'still there' : ''));
  });
  const cut = spans.length > shown.length ? ' (the longest ' + MOST_LINES + ' of ' + NUMBERS.format(spans.length) + ')' : '';
  return figure(title + cut, picture, true);
}

function pictures() {
  const open = FINDINGS.filter(isOpen);
  const here = byId('pictures');
  if (!open.length) {
    here.append(make('p', {}, 'Nothing to draw: no finding counts.'));
    return;
  }
  const dated = open.filter((finding) => !Number.isNaN(clock(finding.since)));
  here.append(bars('By severity', [4, 3, 2, 1, 0].map((rank) => [SEVERITIES[rank], open.filter((finding) => finding.severity === rank).length, 'fill-' + rank])));
  here.append(bars('By rule', tally(open.map((finding) => DATA.rules[finding.rule].name))));
  if (!dated.length) {
    here.append(make('p', { class: 'dim' }, 'Authors, ages and the time of exposure are known where a history was scanned.'));
    return;
  }
  const undated = open.length - dated.length;
  const old = ages(dated);
  here.append(bars('By age', undated ? [...old, ['not in the history', undated]] : old));
  here.append(bars('By author', tally(dated.map((finding) => finding.author || 'unknown'))));
  here.append(timeline(dated));
}
