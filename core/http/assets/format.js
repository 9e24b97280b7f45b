// SPDX-License-Identifier: Apache-2.0
// Numbers and times as people read them. Pure. What is not known is a dash, never a guess.

export const unknown = '–';

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const is_number = n => typeof n === 'number' && Number.isFinite(n);

export function count(n) {
  return is_number(n) ? grouped.format(n) : unknown;
}

// "1 topic", "2 topics".
export function counted(n, one, many = one + 's') {
  return `${count(n)} ${n === 1 ? one : many}`;
}

export function bytes(n) {
  if (!is_number(n)) return unknown;
  const sign = n < 0 ? '-' : '';
  let size = Math.abs(n), unit = 0;
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  while (size >= 1024 && unit < units.length - 1) size /= 1024, unit++;
  return `${sign}${unit === 0 || size >= 100 ? grouped.format(size) : size.toFixed(1)} ${units[unit]}`;
}

export function per_second(n) {
  if (!is_number(n)) return unknown;
  if (n !== 0 && Math.abs(n) < 10) return `${n.toFixed(1)}/s`;
  return `${grouped.format(n)}/s`;
}

export function bytes_per_second(n) {
  return is_number(n) ? `${bytes(n)}/s` : unknown;
}

export function percent(part, whole) {
  return is_number(part) && is_number(whole) && whole > 0 ? `${(100 * part / whole).toFixed(part / whole < 0.1 ? 1 : 0)} %` : unknown;
}

export function duration(ms) {
  if (!is_number(ms)) return unknown;
  if (ms < 0) return `-${duration(-ms)}`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return ms < 10_000 && ms % 1000 ? `${(ms / 1000).toFixed(1)} s` : `${seconds} s`;
  const parts = [[86_400, 'd'], [3600, 'h'], [60, 'm'], [1, 's']];
  const first = parts.findIndex(([size]) => seconds >= size);
  const [size, unit] = parts[first];
  const text = `${Math.floor(seconds / size)} ${unit}`;
  if (first + 1 === parts.length) return text;
  const [next_size, next_unit] = parts[first + 1];
  const rest = Math.floor(seconds % size / next_size);
  return rest ? `${text} ${rest} ${next_unit}` : text;
}

const two = n => String(n).padStart(2, '0');

function fields(ms, zone) {
  const date = new Date(ms);
  return zone === 'utc'
    ? [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate(), date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds(), date.getUTCMilliseconds()]
    : [date.getFullYear(), date.getMonth() + 1, date.getDate(), date.getHours(), date.getMinutes(), date.getSeconds(), date.getMilliseconds()];
}

const is_time = ms => is_number(ms) && Math.abs(ms) <= 8.64e15;

// 13:04:21; behind a time of UTC stands a Z.
export function clock(ms, zone) {
  if (!is_time(ms)) return unknown;
  const [, , , hour, minute, second] = fields(ms, zone);
  return `${two(hour)}:${two(minute)}:${two(second)}${zone === 'utc' ? 'Z' : ''}`;
}

// 2026-11-22 13:04:21.123
export function time(ms, zone) {
  if (!is_time(ms)) return unknown;
  const [year, month, day, , , , milliseconds] = fields(ms, zone);
  const time_of_day = clock(ms, 'local' === zone ? 'local' : zone).replace('Z', '');
  return `${year}-${two(month)}-${two(day)} ${time_of_day}.${String(milliseconds).padStart(3, '0')}${zone === 'utc' ? 'Z' : ''}`;
}

export function ago(ms, now) {
  if (!is_time(ms)) return unknown;
  const age = now - ms;
  return age < 1000 ? 'now' : `${duration(Math.floor(age / 1000) * 1000)} ago`;
}

// What a setting's number means, where that is not plain: retention.ms 604800000 → 7 d.
export function meaning(key, value) {
  if (typeof value !== 'string' || !/^-?\d{1,19}$/.test(value)) return '';
  const n = Number(value);
  if (n === -1 && /\.(ms|bytes)$/.test(key)) return 'no limit';
  if (!Number.isSafeInteger(n)) return '';
  if (/\.ms$/.test(key) && n >= 1000) return duration(n);
  if (/\.bytes$/.test(key) && n >= 1024) return bytes(n);
  return '';
}
