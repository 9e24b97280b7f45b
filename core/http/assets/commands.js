// SPDX-License-Identifier: Apache-2.0
// What the page does, as commands of a shell. Pure. `at`: {brokers, base}: the address of Kafka's protocol,
// and the page's own.

export function sh(text) {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? String(text) : `'${String(text).replaceAll("'", "'\\''")}'`;
}

const is_default = brokers => !brokers || brokers === 'localhost:9092' || brokers === '127.0.0.1:9092';

export function mq(at, ...words) {
  const [first, ...rest] = words.filter(word => word !== null && word !== undefined && word !== false);
  const brokers = is_default(at.brokers) ? [] : ['-b', at.brokers];
  return ['mq', ...String(first).split(' '), ...rest.map(word => sh(String(word))), ...brokers].join(' ');
}

// `path`: as it is asked for, relative to the page.
export function curl(at, path, { method = 'GET', body = null, type = 'application/json', headers = [] } = {}) {
  const words = ['curl'];
  if (method !== 'GET' && !(method === 'POST' && body !== null)) words.push('-X', method);
  for (const header of headers) words.push('-H', sh(header));
  if (body !== null) {
    if (type) words.push('-H', sh(`Content-Type: ${type}`));
    words.push('--data-binary', sh(body));
  }
  words.push(sh(at.base + path));
  return words.join(' ');
}

export function kcat(at, ...words) {
  return ['kcat', '-b', at.brokers || 'localhost:9092', ...words.map(word => sh(String(word)))].join(' ');
}
