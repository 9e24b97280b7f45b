// SPDX-License-Identifier: Apache-2.0
// Writes one record at a time. What was typed goes out as text, byte for byte.
import { h } from './view.js';
import { ask } from './api.js';
import { api, route } from './url.js';
import { commands, field, link, notice, panel, trouble_box, when } from './ui.js';
import { bytes, count } from './format.js';
import { tokens } from './json_text.js';
import { bytes_of, envelope_of, is_binary, parse_headers, size_of } from './record.js';
import { curl, mq } from './commands.js';
import { below_topic_trail } from './topic_parts.js';

const receipts_max = 20;

export const produce = {
  start(context) {
    const [, name] = context.parts;
    const typed = { key: '', has_key: true, value: '', has_value: true, headers: '', partition: '' };
    let raw = {}, receipts = [], trouble = null, is_sending = false, partitions = null, asked = false;
    const update = context.update;

    async function load_again(signal) {
      const [partition, offset] = context.query.again.split(':');
      const record = await ask(api(['topics', name, 'records', partition, offset]), { signal });
      for (const part of ['key', 'value']) {
        if (is_binary(record, part)) raw[part] = record[`${part}_b64`], raw[`${part}_size`] = size_of(record, part);
        else typed[part] = record[part] ?? '', typed[`has_${part}`] = record[part] !== null && record[part] !== undefined;
      }
      typed.headers = (record.headers ?? []).map(header => header.value === null ? header.key : `${header.key}: ${header.value}`).join('\n');
    }

    const body = () => {
      const envelope = envelope_of({
        key: typed.has_key && !(typed.key === '' && !raw.key) ? typed.key : null,
        value: typed.has_value ? typed.value : null,
        headers: parse_headers(typed.headers),
        partition: typed.partition,
      });
      if (!raw.key && !raw.value) return envelope;
      const whole = JSON.parse(envelope);  // of what was typed here: texts
      for (const part of ['key', 'value']) if (raw[part]) delete whole[part], whole[`${part}_b64`] = raw[part];
      return JSON.stringify(whole);
    };

    async function send(event) {
      event.preventDefault();
      if (is_sending) return;
      is_sending = true, trouble = null;
      update();
      try {
        const receipt = await ask(api(['topics', name, 'records']), { method: 'POST', body: body() });
        receipts = [receipt, ...receipts].slice(0, receipts_max);
      } catch (error) {
        trouble = error;
      }
      is_sending = false;
      update();
    }

    const bind = (what, more = {}) => ({ value: typed[what], oninput: event => { typed[what] = event.target.value; update(); }, spellcheck: 'false', ...more });
    const view_no_value = () => h('label', { class: 'check' },
      h('input', { type: 'checkbox', checked: !typed.has_value, onchange: event => { typed.has_value = !event.target.checked; update(); } }), ' No value (null, a tombstone)');
    const as_it_is = (what, size) => notice('', `${what}: ${bytes(size)} that are no text, sent as they are.`);
    const words = () => [
      ...(typed.key && typed.has_key ? ['-k', typed.key] : []),
      ...parse_headers(typed.headers).flatMap(header => ['-H', `${header.key}=${header.value ?? ''}`]),
      ...(typed.partition !== '' ? ['-p', typed.partition] : []),
    ];
    function value_note() {
      if (!typed.has_value) return 'null: a tombstone';
      const size = bytes(bytes_of(typed, 'value').length);
      if (!is_like_json(typed.value)) return size;
      return `${size}, ${tokens(typed.value) ? 'JSON' : 'begins like JSON and is none'}`;
    }
    const is_like_json = text => /^\s*[{[]/.test(text);

    return {
      title: 'Produce',
      every: 0,
      trail: () => below_topic_trail(name),
      async load(signal) {
        if (asked) return;
        partitions = (await ask(api(['topics', name]), { signal })).partitions;
        if (context.query.again) await load_again(signal);
        asked = true;
      },
      view() {
        if (context.read_only) return notice('warning', 'Nothing can be written here: http.read_only.');
        return h('div', { class: 'two' },
          h('form', { class: 'form panel', onsubmit: send, 'aria-label': 'A record', onkeydown: event => { if (event.key === 'Enter' && event.ctrlKey) send(event); } },
            raw.key ? as_it_is('Key', raw.key_size) : field('Key', h('input', { type: 'text', ...bind('key'), disabled: !typed.has_key, placeholder: 'none' })),
            raw.value ? as_it_is('Value', raw.value_size)
              : [field('Value', h('textarea', { rows: '10', class: 'data', ...bind('value'), disabled: !typed.has_value }), value_note()), view_no_value()],
            field('Headers', h('textarea', { rows: '3', class: 'data', ...bind('headers', { placeholder: 'name: value, one a line' }) })),
            field('Partition', h('select', { value: typed.partition, onchange: event => { typed.partition = event.target.value; update(); } },
              h('option', { value: '' }, typed.key ? 'by the key' : 'any'),
              Array.from({ length: Math.min(partitions, 1000) }, (_, i) => h('option', { value: String(i), key: i }, i)))),
            trouble && trouble_box(trouble, 'Not written'),
            h('div', { class: 'actions' },
              h('button', { type: 'submit', class: 'primary', disabled: is_sending, title: 'Ctrl+Enter' }, is_sending ? 'Writing…' : 'Write the record'),
              link(route(['topics', name, 'messages']), 'Messages'))),
          h('div', null,
            panel('Written', {}, receipts.length === 0 ? h('p', { class: 'quiet-text' }, 'Nothing yet.')
              : h('ul', { class: 'receipts', role: 'status' }, receipts.map(receipt => h('li', { key: `${receipt.partition}:${receipt.offset}` },
                  link(route(['topics', name, 'messages', receipt.partition, receipt.offset]), `partition ${receipt.partition}, offset ${count(receipt.offset)}`),
                  ` at ${when(receipt.ts)}`)))),
            commands([
              !raw.value && typed.has_value && ['mq', mq(context.at, 'produce', name, ...words(), '-m', typed.value)],
              ['curl', curl(context.at, api(['topics', name, 'records']), { method: 'POST', body: body() })],
            ].filter(Boolean))));
      },
    };
  },
};
