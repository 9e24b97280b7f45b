// SPDX-License-Identifier: Apache-2.0
// What of the page needs no browser.
import assert from 'node:assert/strict';
import test from 'node:test';
import * as format from '../../core/http/assets/format.js';
import { indented, tokens } from '../../core/http/assets/json_text.js';
import { api, filter_of, parse_route, route } from '../../core/http/assets/url.js';
import { Rates } from '../../core/http/assets/rates.js';
import { next_sort, sorted } from '../../core/http/assets/sorting.js';
import * as record from '../../core/http/assets/record.js';
import { changes_of, parse_settings, patch_of } from '../../core/http/assets/settings.js';
import { curl, kcat, mq, sh } from '../../core/http/assets/commands.js';
import { problem_texts } from '../../core/http/assets/health_text.js';
import { Keys } from '../../core/http/assets/keys.js';
import { kcat_words, mq_words, position_of } from '../../core/http/assets/messages.js';

test('what is not known is a dash, never NaN or undefined', () => {
  for (const nothing of [undefined, null, NaN, Infinity, 'x'])
    for (const name of ['count', 'bytes', 'per_second', 'bytes_per_second', 'duration', 'clock', 'time', 'ago'])
      assert.equal(format[name](nothing, 'utc'), '–', name);
  assert.equal(format.percent(1, 0), '–');
  assert.equal(format.time(9e15, 'utc'), '–');
});

test('numbers are read at a glance', () => {
  assert.equal(format.count(1234567), '1,234,567');
  assert.equal(format.bytes(1023), '1,023 B');
  assert.equal(format.bytes(1536), '1.5 KiB');
  assert.equal(format.bytes(-5 * 1024 ** 3), '-5.0 GiB');
  assert.equal(format.per_second(0), '0/s');
  assert.equal(format.per_second(0.25), '0.3/s');
  assert.equal(format.per_second(1234.4), '1,234/s');
  assert.equal(format.duration(42), '42 ms');
  assert.equal(format.duration(1500), '1.5 s');
  assert.equal(format.duration(200_000), '3 m 20 s');
  assert.equal(format.duration(3 * 86_400_000), '3 d');
  assert.equal(format.counted(1, 'topic'), '1 topic');
  assert.equal(format.counted(0, 'topic'), '0 topics');
});

test('times say which zone they are of', () => {
  const ms = Date.UTC(2026, 10, 22, 13, 4, 19, 123);
  assert.equal(format.clock(ms, 'utc'), '13:04:19Z');
  assert.equal(format.time(ms, 'utc'), '2026-11-22 13:04:19.123Z');
  assert.match(format.time(ms, 'local'), /^2026-11-2\d \d\d:04:19\.123$/);
  assert.equal(format.ago(ms, ms + 61_000), '1 m 1 s ago');
});

test('a setting’s number is explained where it can be', () => {
  assert.equal(format.meaning('retention.ms', '604800000'), '7 d');
  assert.equal(format.meaning('retention.bytes', '-1'), 'no limit');
  assert.equal(format.meaning('max.message.bytes', '1048576'), '1.0 MiB');
  assert.equal(format.meaning('retention.ms', '9223372036854775807'), '');
  assert.equal(format.meaning('cleanup.policy', 'delete'), '');
});

test('JSON is taken apart without changing a character of what it says', () => {
  const text = '{"id":9223372036854775807,"x":1.0,"y":1e400,"a":1,"a":2,"s":"\\u00e9\\n","e":{},"l":[],"n":[null,true]}';
  const all = tokens(text);
  assert.equal(all.map(token => token.text).join(''), text);
  const pretty = indented(all).map(token => token.text).join('');
  assert.equal(pretty.replace(/\n */g, '').replaceAll(': ', ':'), text);
  assert.ok(pretty.includes('"id": 9223372036854775807,\n'));
  assert.ok(pretty.includes('"e": {},\n'));
  assert.equal(all.filter(token => token.kind === 'key' && token.text === '"a"').length, 2);
});

test('what is no JSON is not taken for it', () => {
  for (const text of ['', ' ', '{', '[1,]', '{"a"}', '{"a":}', '{a:1}', '01', '1.', '-', 'nul', '"a', '"\\x"', '"\n"', '[1}', '{"a":1,}', '1 2', ']', "{'a':1}", '[1 2]', ',', 'NaN'])
    assert.equal(tokens(text), null, text);
  for (const text of ['0', '-0.5e+10', '"x"', ' null ', '[[[]]]', '{"":""}']) assert.ok(tokens(text), text);
  assert.ok(tokens('['.repeat(50_000) + ']'.repeat(50_000)), 'deep');
  assert.ok(tokens(`"${'a\\n'.repeat(200_000)}"`), 'long');
});

test('an address keeps any name', () => {
  for (const name of ['orders', 'a/b', '100%', 'ä ö?#&', '..', '<b>']) {
    const { parts, query } = parse_route(route(['groups', name], { sort: '-lag', filter: name }));
    assert.deepEqual(parts, ['groups', name]);
    assert.deepEqual(query, { sort: '-lag', filter: name });
  }
  assert.deepEqual(parse_route('').parts, []);
  assert.deepEqual(parse_route('#/%zz').parts, ['%zz']);
  assert.equal(api(['topics', 'a/b'], { limit: 5, cursor: null, filter: '', all: false }), 'api/v1/topics/a%2Fb?limit=5');
});

test('what is typed is found anywhere in a name, unless it is a pattern', () => {
  assert.equal(filter_of(' ord '), '*ord*');
  assert.equal(filter_of('logs-*'), 'logs-*');
  assert.equal(filter_of('/^a/'), '/^a/');
  assert.equal(filter_of('  '), '');
});

test('a rate is seen between two values, and not where a counter fell', () => {
  const rates = new Rates();
  assert.equal(rates.of('a', 100, 1000), undefined);
  assert.equal(rates.of('a', 300, 3000), 100);
  assert.equal(rates.of('a', 900, 3100), 100, 'too soon to tell');
  assert.equal(rates.of('a', 50, 5000), undefined, 'it began anew');
  assert.equal(rates.of('a', 60, 7000), 5);
  assert.equal(rates.of('b', undefined, 7000), undefined);
  assert.equal(rates.get('nothing'), undefined);
});

test('rows are sorted as the broker sorts them: what is not there comes last either way', () => {
  const rows = [{ v: 2 }, {}, { v: 10 }, { v: null }, { v: 1 }];
  assert.deepEqual(sorted(rows, false, row => row.v).map(row => row.v), [1, 2, 10, undefined, null]);
  assert.deepEqual(sorted(rows, true, row => row.v).map(row => row.v), [10, 2, 1, undefined, null]);
  assert.equal(next_sort('', 'size', true), '-size');
  assert.equal(next_sort('-size', 'size', true), 'size');
  assert.equal(next_sort('size', 'size', true), '-size');
  assert.equal(next_sort('', 'name', false), 'name');
});

test('bytes and texts of a record', () => {
  const text = { key: null, value: 'ä\u0000' }, binary = { key_b64: 'AAH/', value: '' };
  assert.deepEqual([...record.bytes_of(text, 'value')], [0xc3, 0xa4, 0]);
  assert.equal(record.bytes_of(text, 'key'), null);
  assert.deepEqual([...record.bytes_of(binary, 'key')], [0, 1, 255]);
  assert.equal(record.size_of(text, 'key'), null);
  assert.equal(record.size_of(binary, 'value'), 0);
  assert.equal(record.preview(text, 'value'), 'ä␀');
  assert.equal(record.preview(binary, 'key'), '00 01 ff');
  assert.equal(record.preview({ value: 'x'.repeat(300) }, 'value').length, 202);
  assert.equal(record.hex_dump(Uint8Array.from([104, 105, 0])), '00000000  68 69 00                 ' + ' '.repeat(24) + ' |hi.|');
});

test('a record is written as it was typed', () => {
  const value = '{"id":9223372036854775807,"a":1,"a":2}';
  const envelope = record.envelope_of({ key: null, value, headers: record.parse_headers('a: b\nempty:\nnone\n\n'), partition: '3' });
  assert.deepEqual(JSON.parse(envelope), { key: null, value, headers: [{ key: 'a', value: 'b' }, { key: 'empty', value: '' }, { key: 'none', value: null }], partition: 3 });
  assert.ok(!('partition' in JSON.parse(record.envelope_of({ key: 'k', value: null, partition: '' }))));
  assert.equal(record.cursor_text({ 0: 12, 1: 40 }), '0:12,1:40');
});

test('of settings only what differs is changed', () => {
  const rows = [{ key: 'a', value: '1', override: false }, { key: 'b', value: '2', override: true }, { key: 'c', value: '3', override: false }];
  const changes = changes_of(rows, { a: '1', b: null, c: '9223372036854775807' });
  assert.deepEqual(patch_of(changes), { b: null, c: '9223372036854775807' });
  assert.deepEqual(changes_of(rows, { a: null }), [], 'it is at its default');
  assert.deepEqual(parse_settings('a=1\n\n b = x=y '), { config: { a: '1', b: 'x=y' } });
  assert.deepEqual(parse_settings('nonsense'), { wrong: 'nonsense' });
});

test('commands can be pasted into a shell whatever a name is', () => {
  const at = { brokers: '10.0.0.1:9092', base: 'http://h/mq/' };
  assert.equal(sh("it's $HOME"), `'it'\\''s $HOME'`);
  assert.equal(mq(at, 'topic describe', 'a b', null, false), "mq topic describe 'a b' -b 10.0.0.1:9092");
  assert.equal(mq({ brokers: '127.0.0.1:9092' }, 'produce', 't', '-m', ''), "mq produce t -m ''");
  assert.equal(curl(at, 'api/v1/topics?limit=1'), "curl 'http://h/mq/api/v1/topics?limit=1'");
  assert.equal(curl(at, 'x', { method: 'POST', body: '{}' }), "curl -H 'Content-Type: application/json' --data-binary '{}' http://h/mq/x");
  assert.equal(curl(at, 'x', { method: 'DELETE' }), 'curl -X DELETE http://h/mq/x');
  assert.equal(kcat(at, '-C', '-t', 't'), 'kcat -b 10.0.0.1:9092 -C -t t');
});

test('a position in the address and on the command line are the same', () => {
  assert.deepEqual(position_of(undefined), { kind: 'newest', text: '' });
  assert.deepEqual(position_of('@-15m'), { kind: 'time', text: '-15m' });
  assert.deepEqual(position_of('17'), { kind: 'offset', text: '17' });
  assert.deepEqual(mq_words('-100', {}, 100), ['--last', '100', '-n', 100, '-e', '-o', 'json']);
  assert.deepEqual(mq_words(undefined, { after: '0:12,1:40', partition: '0,1' }, 5), ['--start-at', '0=12', '--start-at', '1=40', '-p', '0,1', '-n', 5, '-e', '-o', 'json']);
  assert.deepEqual(mq_words('start', { grep: 'a', where: 'b' }, 5), ['--from', 'start', '--grep', 'a', '--where', 'b', '-n', 5, '-e', '-o', 'json']);
  assert.deepEqual(kcat_words('17', { partition: '2' }, 5), ['-p', '2', '-o', '17', '-c', 5]);
});

test('every problem has a reason and a remedy', () => {
  const partitions = [{ topic: 't', partition: 0 }];
  for (const problem of ['no_controller', 'no_leader', 'under_replicated', 'leader_not_preferred'])
    for (const down of [[], [3]]) {
      const texts = problem_texts({ severity: 'warning', problem, partitions, brokers: [3], down });
      assert.ok(texts.headline && texts.reason && texts.remedy, problem);
      assert.ok(!/undefined|NaN/.test(Object.values(texts).join()), problem);
    }
  assert.equal(problem_texts({ severity: 'critical', problem: 'something_new', partitions: [], brokers: [], down: [] }).headline, 'something new');
});

test('keys follow each other, but not for long', () => {
  const keys = new Keys();
  assert.equal(keys.press('g', 0), '');
  assert.equal(keys.press('t', 300), 'g t');
  assert.equal(keys.press('t', 400), 't');
  keys.press('g', 1000);
  assert.equal(keys.press('t', 9000), 't');
  assert.equal(keys.press('/', 9100), '/');
});
