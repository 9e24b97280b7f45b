// SPDX-License-Identifier: Apache-2.0
// Pieces that pages are made of.
import { h } from './view.js';
import { prefs } from './prefs.js';
import { keys } from './keys.js';
import * as format from './format.js';

export const when = ms => format.time(ms, prefs.zone);
export const at_clock = ms => format.clock(ms, prefs.zone);

export function link(href, ...children) {
  return h('a', { href }, ...children);
}

export function button(text, onclick, properties = {}) {
  return h('button', { type: 'button', onclick, ...properties }, text);
}

// `kind`: ok, warning, critical, quiet. The word says it, the colour repeats it.
export function badge(kind, text, title) {
  return h('span', { class: `badge ${kind}`, title }, text);
}

export function state_badge(state) {
  const good = ['ok', 'healthy', 'Stable', 'Empty', 'stable', 'empty'];
  const bad = ['offline', 'down', 'Dead', 'failed'];
  const kind = good.includes(state) ? 'ok' : bad.includes(state) ? 'critical' : 'warning';
  return badge(kind, state ?? format.unknown);
}

export function panel(title, properties, ...children) {
  return h('section', { class: 'panel', key: properties?.key }, h('div', { class: 'panel-head' }, h('h2', null, title), properties?.aside), ...children);
}

export function trouble_box(trouble, what = '') {
  return h('div', { class: 'notice critical', role: 'alert' },
    h('strong', null, what ? `${what}: ` : ''), trouble.message,
    trouble.kafka && h('span', { class: 'quiet-text' }, ` (${trouble.kafka})`),
    trouble.hint && h('div', null, `→ ${trouble.hint}`));
}

export function notice(kind, ...children) {
  return h('div', { class: `notice ${kind}`, role: kind === 'ok' ? 'status' : null }, ...children);
}

export function facts(rows) {
  return h('dl', { class: 'facts' }, rows.filter(Boolean).map(([name, value, title]) =>
    h('div', { title }, h('dt', null, name), h('dd', null, value ?? format.unknown))));
}

export function tile(name, value, { sub = null, href = null, kind = '', title = null } = {}) {
  const inside = [h('span', { class: 'tile-name' }, name), h('span', { class: 'tile-value' }, value), h('span', { class: 'tile-sub' }, sub ?? '\u00a0')];
  return href
    ? h('a', { class: `tile ${kind}`, href, title, key: name }, inside)
    : h('div', { class: `tile ${kind}`, title, key: name }, inside);
}

// Where the clipboard is closed (no TLS, no loopback) an older way is left.
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    area.className = 'off-screen';
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}

export function copy_button(text, label = 'Copy', name = label, size = 'small') {
  return h('button', {
    type: 'button', class: size, 'aria-label': name,
    onclick: async event => {
      const pressed = event.currentTarget;
      pressed.textContent = await copy(typeof text === 'function' ? text() : text) ? 'Copied' : 'Not copied';
      setTimeout(() => { pressed.textContent = label; }, 1200);
    },
  }, label);
}

// The same, from a shell: [["mq", "mq topic list"], …].
export function commands(lines, title = 'The same from a shell') {
  return h('div', { class: 'commands', key: title },
    h('div', { class: 'commands-title' }, title),
    lines.map(([name, line]) => h('div', { class: 'command', key: name + line },
      h('code', { tabindex: '0', role: 'textbox', 'aria-readonly': 'true', 'aria-label': `${title}: ${name}` }, line), copy_button(line, 'Copy', `Copy: ${line}`))));
}

function bar(part, whole, label) {
  const share = whole > 0 ? Math.min(1, part / whole) : 0;
  const kind = share > 0.95 ? 'critical' : share > 0.85 ? 'warning' : '';
  return h('span', { class: `bar ${kind}`, role: 'img', 'aria-label': label, vars: { '--share': `${(share * 100).toFixed(1)}%` } });
}

export function view_keys() {
  return h('dl', { class: 'keys' }, keys.map(([name, what]) => h('div', { key: name },
    h('dt', null, name.split(' ').map(one => [h('kbd', null, one), ' '])), h('dd', null, what))));
}

// What narrows the rows of a page; `typed` is given the text.
export function filter_input(name, placeholder, value, typed) {
  return h('input', {
    type: 'search', class: 'grow', 'aria-label': name, placeholder, spellcheck: 'false', value,
    oninput: event => typed(event.target.value),
  });
}

// Of a broker's row, how full its disk is; whatever uses it.
export function disk_bar(row) {
  if (!(row.total_bytes > 0)) return null;
  const used = row.total_bytes - row.free_bytes;
  return bar(used, row.total_bytes, `${format.percent(used, row.total_bytes)} of the disk is used`);
}

export function field(label, control, hint) {
  return h('label', { class: 'field' }, h('span', { class: 'field-name' }, label), control, hint && h('span', { class: 'field-hint' }, hint));
}
