// SPDX-License-Identifier: Apache-2.0
// A record as the broker tells it, its bytes and its texts. Pure.

const encoder = new TextEncoder();

// `field`: "key", "value". Null: it has none; undefined: it was not sent along.
export function bytes_of(record, field) {
  const packed = record[`${field}_b64`];
  if (typeof packed === 'string') return Uint8Array.from(atob(packed), c => c.charCodeAt(0));
  const text = record[field];
  if (text === null || text === undefined) return text;
  return encoder.encode(text);
}

export function is_binary(record, field) {
  return typeof record[`${field}_b64`] === 'string';
}

export function size_of(record, field) {
  const size = bytes_of(record, field)?.length ?? record[`${field}_size`];
  return size === undefined || size < 0 ? null : size;
}

const hex = byte => byte.toString(16).padStart(2, '0');

// What fits on a line: of text its beginning, what cannot be seen made visible; of bytes their hex.
export function preview(record, field, max = 200) {
  if (is_binary(record, field)) {
    const bytes = bytes_of(record, field);
    return [...bytes.subarray(0, max / 3)].map(hex).join(' ') + (bytes.length > max / 3 ? ' …' : '');
  }
  const text = record[field];
  if (text === null || text === undefined) return null;
  const seen = text.slice(0, max).replace(/[\u0000-\u001f\u007f]/g, c => String.fromCodePoint(c === '\u007f' ? 0x2421 : 0x2400 + c.charCodeAt(0)));
  return seen + (text.length > max ? ' …' : '');
}

// "00000010  68 65 6c 6c 6f …  |hello|", sixteen bytes a line.
export function hex_dump(bytes, max = 4096) {
  const lines = [];
  for (let at = 0; at < Math.min(bytes.length, max); at += 16) {
    const row = [...bytes.subarray(at, Math.min(at + 16, max))];
    const columns = row.map(hex).join(' ').padEnd(47);
    const text = row.map(byte => byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.').join('');
    lines.push(`${at.toString(16).padStart(8, '0')}  ${columns.slice(0, 23)} ${columns.slice(23)}  |${text}|`);
  }
  if (bytes.length > max) lines.push(`… ${bytes.length - max} bytes more`);
  return lines.join('\n');
}

// The `next` of a page of records → `after`.
export function cursor_text(next) {
  return Object.entries(next ?? {}).map(([partition, offset]) => `${partition}:${offset}`).join(',');
}

export function merged(before, next) {
  return { ...before, ...next };
}

// "name: value" lines → [{key, value}]; a line without a colon has no value.
export function parse_headers(text) {
  return text.split('\n').filter(line => line.trim() !== '').map(line => {
    const colon = line.indexOf(':');
    return colon < 0
      ? { key: line.trim(), value: null }
      : { key: line.slice(0, colon).trim(), value: line.slice(colon + 1).replace(/^ /, '') };
  });
}

// What is sent to write one: values travel as text, so digits stay.
export function envelope_of({ key, value, headers = [], partition }) {
  const envelope = { key, value };
  if (headers.length) envelope.headers = headers;
  if (partition !== undefined && partition !== null && partition !== '') envelope.partition = Number(partition);
  return JSON.stringify(envelope);
}
