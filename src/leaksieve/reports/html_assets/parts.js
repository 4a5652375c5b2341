'use strict';
// Elements are made from names, attributes and texts alone: nothing that was scanned is ever read as markup.
const DATA = JSON.parse(document.getElementById('data').textContent);
const SEVERITIES = ['info', 'low', 'medium', 'high', 'critical'];
const MARKS = ['·', '•', '▲', '✖', '✖'];
const STATES = {
  fails: 'fails the run',
  below: 'below ' + DATA.fail_on,
  present: 'there before',
  baseline: 'in the baseline',
  allowed: 'accepted',
};
// What is empty is left out of the data.
const FINDINGS = DATA.findings.map((finding) => ({
  ...{ name: DATA.rules[finding.rule].name, why: '', verdict: '', tags: [], about: '', live: '', parts: [], links: [], author: '', since: '', until: '', more: 0 },
  ...finding,
}));
const SVG = 'http://www.w3.org/2000/svg';
const NUMBERS = new Intl.NumberFormat('en');

function byId(id) {
  return document.getElementById(id);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    element.setAttribute(name, value);
  }
  for (const child of children) {
    // A text becomes a text node.
    element.append(child);
  }
  return element;
}

function make(name, attributes, ...children) {
  return fill(document.createElement(name), attributes, children);
}

function draw(name, attributes, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function counted(number, noun, plural) {
  return NUMBERS.format(number) + ' ' + (number === 1 ? noun : plural || noun + 's');
}

function pathOf(finding) {
  return finding.places.length ? finding.places[0].at.replace(/:\d+:\d+$/, '') : '';
}

function isOpen(finding) {
  return finding.state === 'fails' || finding.state === 'below';
}

function day(time) {
  return time.slice(0, 10);
}

// Milliseconds of a time in a report, NaN where there is none.
function clock(time) {
  return time ? Date.parse(time) : NaN;
}

function severity(rank) {
  return make('span', { class: 'severity severity-' + rank }, MARKS[rank] + ' ' + SEVERITIES[rank]);
}
