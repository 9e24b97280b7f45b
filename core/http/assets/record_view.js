// SPDX-License-Identifier: Apache-2.0
// All of one record: its value as text, as JSON with every digit as it was sent, as bytes; key, headers, ways on.
import { h } from './view.js';
import { api, route } from './url.js';
import { badge, commands, copy_button, facts, when } from './ui.js';
import { bytes, count, unknown } from './format.js';
import { indented, tokens } from './json_text.js';
import { bytes_of, hex_dump, is_binary, preview, size_of } from './record.js';
import { curl, kcat, mq } from './commands.js';

const text_max = 128 * 1024, tokens_max = 20_000;

const kept = new WeakMap();  // record → {name → what was made for it}

function once(record, name, make) {
  if (!kept.has(record)) kept.set(record, {});
  return kept.get(record)[name] ??= make();
}

const json_of = (record, field) => once(record, `tokens ${field}`, () => {
  const text = record[field];
  const all = typeof text === 'string' && text.length <= text_max && /^\s*[[{"]/.test(text) ? tokens(text) : null;
  return { tokens: all && all.length <= tokens_max ? all : null };
}).tokens;

const ways = (record, field) => {
  if (bytes_of(record, field) === null) return [];
  return [...(json_of(record, field) ? [['json', 'JSON']] : []), ...(is_binary(record, field) ? [] : [['text', 'As sent']]), ['hex', 'Bytes']];
};

function shown(record, field, way) {
  return once(record, `${way} ${field}`, () => {
    if (way === 'json')
      return h('pre', { class: 'value', tabindex: '0', 'aria-label': `${field}, as JSON` }, indented(json_of(record, field)).map(token =>
        ['key', 'string', 'number', 'word'].includes(token.kind) ? h('span', { class: `json-${token.kind}` }, token.text) : token.text));
    if (way === 'hex') return h('pre', { class: 'value', tabindex: '0', 'aria-label': `${field}, as bytes` }, hex_dump(bytes_of(record, field)));
    const text = record[field];
    return h('pre', { class: 'value', tabindex: '0', 'aria-label': `${field}, as it was sent` }, text.slice(0, text_max),
      text.length > text_max && h('em', null, `\n… ${count(text.length - text_max)} characters more: download it`));
  });
}

// `chosen`: {field → way}; what is chosen is kept there.
function view_field(record, field, chosen, update) {
  const all = ways(record, field);
  if (!all.length) return h('div', { class: 'value-none' }, badge('quiet', 'null'), field === 'value' ? ' A tombstone: where the topic is compacted it deletes its key.' : '');
  const way = chosen[field] ?? all[0][0];
  return [
    h('div', { class: 'value-head' },
      h('div', { class: 'segmented', role: 'group', 'aria-label': `Show the ${field} as` },
        all.map(([id, name]) => h('button', { type: 'button', key: id, 'aria-pressed': String(id === way), onclick: () => { chosen[field] = id; update(); } }, name))),
      h('span', { class: 'quiet-text' }, bytes(size_of(record, field))),
      h('span', { class: 'spacer' }),
      !is_binary(record, field) && copy_button(record[field], 'Copy', `Copy the ${field}`)),
    shown(record, field, way),
  ];
}

export function view_record(context, record, chosen, update) {
  const { topic, partition, offset } = record, path = ['topics', topic, 'records', partition, offset];
  return h('div', { class: 'record' },
    facts([
      ['Partition', partition],
      ['Offset', count(offset)],
      [record.timestamp_type === 'log_append' ? 'Time (append)' : 'Time', record.ts === undefined ? null : when(record.ts), record.timestamp],
      ['Size', `${bytes(size_of(record, 'key') ?? 0)} + ${bytes(size_of(record, 'value') ?? 0)}`, 'key and value'],
      record.compression && ['Compression', record.compression],
      record.producer_id >= 0 && ['Producer', `${record.producer_id}, epoch ${record.producer_epoch}, sequence ${record.sequence}`],
      record.leader_epoch !== undefined && ['Leader epoch', record.leader_epoch],
      record.transactional !== undefined && ['Transaction', record.transactional ? 'yes' : 'no'],
    ]),
    h('h3', null, 'Value'), view_field(record, 'value', chosen, update),
    h('h3', null, 'Key'), view_field(record, 'key', chosen, update),
    h('h3', null, 'Headers'),
    record.headers?.length
      ? h('dl', { class: 'headers' }, record.headers.map((header, i) => h('div', { key: i },
          h('dt', null, preview(header, 'key', 1000) ?? unknown), h('dd', null, preview(header, 'value', 4000) ?? badge('quiet', 'null')))))
      : h('p', { class: 'quiet-text' }, 'It has none.'),
    h('div', { class: 'actions' },
      h('a', { class: 'button', href: route(['topics', topic, 'messages', partition, offset]) }, 'Permalink'),
      h('a', { class: 'button', href: api([...path, 'value']), download: `${topic}-${partition}-${offset}` }, 'Download value'),
      copy_button(() => JSON.stringify(record), 'Copy as JSON', 'Copy as JSON', ''),
      !context.read_only && h('a', { class: 'button', href: route(['topics', topic, 'produce'], { again: `${partition}:${offset}` }) }, 'Produce again…')),
    commands([
      ['mq', mq(context.at, 'consume', topic, '-p', partition, '--from', offset, '-n', 1)],
      ['curl', curl(context.at, api(path))],
      ['kcat', kcat(context.at, '-C', '-t', topic, '-p', partition, '-o', offset, '-c', 1)],
    ]));
}

