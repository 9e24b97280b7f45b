// SPDX-License-Identifier: Apache-2.0
// The order of rows, as the server has it: numbers by size, texts by letter, what is not there last. Pure.

export function parse_sort(text, otherwise = '') {
  const sort = text || otherwise;
  return { field: sort.replace(/^-/, ''), falls: sort.startsWith('-') };
}

const is_there = value => value !== undefined && value !== null;

export function compare(a, b) {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const x = String(a), y = String(b);
  return x < y ? -1 : x > y ? 1 : 0;
}

// `value`: of a row, what it is sorted by.
export function sorted(rows, falls, value) {
  return rows
    .map((row, i) => ({ row, i, value: value(row) }))
    .sort((a, b) => {
      if (!is_there(a.value) || !is_there(b.value)) return is_there(b.value) - is_there(a.value) || a.i - b.i;
      return (falls ? -1 : 1) * compare(a.value, b.value) || a.i - b.i;
    })
    .map(entry => entry.row);
}

// What a click on a column's head asks for: numbers begin with the largest.
export function next_sort(text, field, is_number) {
  if (text === field) return `-${field}`;
  if (text === `-${field}`) return field;
  return is_number ? `-${field}` : field;
}
