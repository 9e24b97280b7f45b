// SPDX-License-Identifier: Apache-2.0
// Reads records without a group. The address says from where; live, it asks for what came since, once a
// second, and counts what it does not show.
import { h } from './view.js';
import { ask } from './api.js';
import { api } from './url.js';
import { at_clock, badge, button, commands, field, filter_input, link, notice, when } from './ui.js';
import { column_chooser, view_table } from './table.js';
import { bytes, count, counted } from './format.js';
import { cursor_text, merged, preview, size_of } from './record.js';
import { view_record } from './record_view.js';
import { topic_actions, topic_tabs, topic_trail } from './topic_parts.js';
import { curl, kcat, mq } from './commands.js';

const rows_max = 1000, live_every_ms = 1000, live_idle_ms = 15 * 60_000;
const limits = [20, 100, 500, 1000];
// What the broker filters by: name of the parameter, label, what may be written there.
const filters = [
  ['grep', 'Value contains', 'regular expression'],
  ['key', 'Key', 'glob: customer-*'],
  ['header', 'Header', 'NAME or NAME=GLOB'],
  ['where', 'Where', 'value.amount > 100'],
];
const filters_of = query => Object.fromEntries(filters.map(([name]) => [name, query[name]]));
const has_filter = query => filters.some(([name]) => query[name]);

// Of the address: which kind of position, and its text.
export function position_of(from) {
  if (from === 'start' || from === 'end') return { kind: from, text: '' };
  if (from === undefined || from === '' || /^-\d+$/.test(from)) return { kind: 'newest', text: '' };
  if (from.startsWith('@')) return { kind: 'time', text: from.slice(1) };
  return { kind: 'offset', text: from };
}

export const messages = {
  start(context) {
    const [, name] = context.parts;
    let records = [], next = {}, page = null, read_at = 0, is_live = false, hidden = 0, contains = '', draft = null;
    let wants_reading = true;
    const opened = new Map();  // key → chosen ways
    const key = record => `${record.partition}:${record.offset}`;
    const limit = () => Number(context.query.limit) || 100;
    const from = () => context.query.from ?? (context.query.after ? undefined : `-${limit()}`);
    const is_newest_first = () => is_live || (!context.query.after && position_of(context.query.from).kind === 'newest');
    const path = () => api(['topics', name, 'records'], {
      after: context.query.after, from: from(), partition: context.query.partition, limit: limit(), uncommitted: context.query.uncommitted,
      ...filters_of(context.query),
    });

    async function read(signal) {
      page = await ask(path(), { signal });
      records = page.items, next = page.next, read_at = Date.now(), hidden = 0, wants_reading = false;
    }

    async function read_on(signal) {
      const { partition, uncommitted } = context.query;
      const all = has_filter(context.query);  // then all of it is looked at, and little of it shown
      const came = await ask(api(['topics', name, 'records'], {
        after: cursor_text(next), newest: !all, limit: all ? 1000 : 100, partition, uncommitted, ...filters_of(context.query),
      }), { signal });
      next = merged(next, came.next), read_at = Date.now(), hidden += came.skipped;
      if (came.items.length) records = [...records, ...came.items].slice(-rows_max);
    }

    const follow_live = on => {
      is_live = on;
      context.reload();
      context.update();
    };

    const draft_of = () => ({
      ...position_of(context.query.from), partition: context.query.partition ?? '', limit: String(limit()),
      uncommitted: context.query.uncommitted === 'true', ...filters_of(context.query),
    });

    function submit(event) {
      event.preventDefault();
      const text = draft.text.trim();
      const position = { newest: null, start: 'start', end: 'end', offset: text, time: text && `@${text}` }[draft.kind];
      wants_reading = true;
      is_live = false;
      const to = context.here({
        from: position, after: null, partition: draft.partition.replaceAll(' ', ''),
        limit: draft.limit === '100' ? null : draft.limit, uncommitted: draft.uncommitted || null, ...filters_of(draft),
      });
      if (to === location.hash) context.reload();
      else context.go(to);
    }

    function view_form() {
      draft ??= draft_of();
      const typed = name_of => event => { draft[name_of] = event.target.type === 'checkbox' ? event.target.checked : event.target.value; context.update(); };
      return h('form', { class: 'toolbar', onsubmit: submit, key: 'what', 'aria-label': 'What to read' },
        field('Position', h('select', { value: draft.kind, onchange: typed('kind') },
          [['newest', 'Newest'], ['start', 'From the start'], ['offset', 'From an offset'], ['time', 'From a time']].map(([value, text]) => h('option', { value, key: value }, text)))),
        draft.kind === 'offset' && h('div', { key: 'offset' }, field('Offset', h('input', {
          type: 'text', inputmode: 'numeric', pattern: '[0-9]+', required: true, class: 'short', value: draft.text, oninput: typed('text'),
        }))),
        draft.kind === 'time' && h('div', { key: 'time' }, field('Time (UTC)', h('input', {
          type: 'text', required: true, placeholder: '-15m or 2026-11-22T13:04', value: draft.text, oninput: typed('text'),
        }))),
        field('Partitions', h('input', { type: 'text', class: 'short', pattern: '[0-9, \\-]*', placeholder: 'all', value: draft.partition, oninput: typed('partition') })),
        field('At most', h('select', { value: draft.limit, onchange: typed('limit') },
          [...new Set([...limits, limit()])].map(n => h('option', { value: String(n), key: n }, counted(n, 'record'))))),
        filters.map(([id, label, placeholder]) => h('div', { key: id }, field(label, h('input', {
          type: 'text', class: 'data filter', placeholder, spellcheck: 'false', autocomplete: 'off', value: draft[id] ?? '', oninput: typed(id),
        })))),
        h('label', { class: 'check' }, h('input', { type: 'checkbox', checked: draft.uncommitted, onchange: typed('uncommitted') }), ' Uncommitted too'),
        h('button', { type: 'submit', class: 'primary' }, 'Read'),
        button(is_live ? 'Stop' : 'Live', () => follow_live(!is_live), { 'aria-pressed': String(is_live), title: 'what is written from now on' }));
    }

    const table = rows => ({
      id: 'messages', label: `Records of ${name}`, rows, key, empty: contains ? 'None of what was read has this in it.' : is_live ? 'Nothing yet.' : 'There are none here.',
      sort: context.query.sort ?? '', href: sort => context.here({ sort }),
      row_class: record => opened.has(key(record)) ? 'opened' : '',
      columns: [
        {
          id: 'offset', label: 'Record', always: true, fixed: true,
          cell: record => h('button', {
            type: 'button', class: 'opener', 'aria-expanded': String(opened.has(key(record))), 'aria-label': `Record ${record.partition}:${record.offset}`,
            onclick: () => { if (!opened.delete(key(record))) opened.set(key(record), {}); context.update(); },
          }, h('span', { 'aria-hidden': 'true', class: 'mark-open' }, opened.has(key(record)) ? '▾' : '▸'), `${record.partition}:${record.offset}`),
        },
        { id: 'time', label: 'Time', value: record => record.ts, cell: record => h('span', { class: 'nowrap' }, when(record.ts)) },
        { id: 'key', label: 'Key', cell: record => preview(record, 'key', 60) === null ? badge('quiet', 'null') : h('span', { class: 'data' }, preview(record, 'key', 60)) },
        { id: 'value', label: 'Value', cell: record => preview(record, 'value') === null ? badge('quiet', 'null') : h('span', { class: 'data value-line' }, preview(record, 'value')) },
        { id: 'size', label: 'Size', number: true, value: record => size_of(record, 'value'), cell: record => bytes(size_of(record, 'value')) },
        { id: 'headers', label: 'Headers', number: true, value: record => record.headers?.length ?? 0, cell: record => count(record.headers?.length ?? 0) },
      ],
      below: record => opened.has(key(record)) && view_record(context, record, opened.get(key(record)), context.update),
    });

    function view_end(rows) {
      const matched = contains ? `${count(rows.length)} of ${counted(records.length, 'record')} read` : counted(records.length, 'record');
      const scanned = !is_live && has_filter(context.query) ? `, ${counted(page.scanned, 'record')} scanned` : '';
      const how = is_live ? `live, as of ${at_clock(read_at)}`
        : page.complete ? `complete, read at ${at_clock(read_at)}`
          : `stopped at ${{ limit: `the limit of ${count(limit())}`, bytes: '8 MiB', time: '10 s' }[page.stopped] ?? page.stopped}, read at ${at_clock(read_at)}`;
      return h('span', { class: 'quiet-text read-state', role: is_live ? null : 'status' }, `${matched}${scanned} · ${how}`,
        hidden > 0 && ` · ${count(hidden)} not shown: they came faster than is shown`);
    }

    const texts_of = record => [record.key, record.value, ...(record.headers ?? []).flatMap(header => [header.key, header.value])];
    const seen = record => !contains || texts_of(record).some(text => typeof text === 'string' && text.includes(contains));

    return {
      title: name,
      get every() { return is_live ? live_every_ms : 0; },
      trail: topic_trail,
      actions: () => topic_actions(context),
      followed: () => { wants_reading = true, is_live = false, draft = null; },
      async load(signal) {
        if (is_live && context.idle_ms() > live_idle_ms) is_live = false;
        if (wants_reading) await read(signal);
        if (is_live) await read_on(signal);
      },
      view() {
        let rows = records.filter(seen);
        if (is_newest_first()) rows = rows.reverse();
        return [
          topic_tabs(context),
          view_form(),
          h('div', { class: 'toolbar', key: 'seen' },
            filter_input('Contains, among what was read', 'Contains… (among what was read)', contains, text => { contains = text; context.update(); }),
            column_chooser(table([]), context.update), view_end(rows)),
          context.query.uncommitted && notice('warning', 'With records of transactions that are open, or were aborted.'),
          view_table(table(rows)),
          !is_live && !page.complete && h('nav', { class: 'pages', 'aria-label': 'More records' },
            link(context.here({ after: cursor_text(next), from: null }), `Next ${count(limit())} ›`)),
          commands([
            ['mq', mq(context.at, 'consume', name, ...mq_words(from(), context.query, limit()))],
            ['curl', curl(context.at, path())],
            !has_filter(context.query) && ['kcat', kcat(context.at, '-C', '-e', '-t', name, ...kcat_words(from(), context.query, limit()))],
          ].filter(Boolean)),
        ];
      },
    };
  },
};

export function mq_words(from, query, limit) {
  const places = (query.after ?? '').split(',').filter(Boolean).flatMap(place => ['--start-at', place.replace(':', '=')]);
  const where = places.length ? places : /^-\d+$/.test(from ?? '') ? ['--last', from.slice(1)] : ['--from', from ?? 'start'];
  const only = filters.flatMap(([name]) => query[name] ? [`--${name}`, query[name]] : []);
  return [...where, ...only, ...(query.partition ? ['-p', query.partition] : []), '-n', limit, '-e', '-o', 'json'];
}

export function kcat_words(from, query, limit) {
  const { kind, text } = position_of(from);
  const offset = { newest: from ?? '-100', start: 'beginning', end: 'end', offset: text, time: 'beginning' }[kind];
  return [...(/^\d+$/.test(query.partition ?? '') ? ['-p', query.partition] : []), '-o', offset, '-c', limit];
}
