// SPDX-License-Identifier: Apache-2.0
// Tables: every column sorts, the address keeps by which, the browser which of them are shown.
import { h } from './view.js';
import { prefs } from './prefs.js';
import { unknown } from './format.js';
import { next_sort, parse_sort, sorted } from './sorting.js';

const shown_of = table => {
  const chosen = prefs.columns(table.id);
  return table.columns.filter(column => column.always || (chosen[column.id] ?? !column.hidden));
};

const is_right = column => column.number && !column.always;

const value_of = (column, row) => column.value ? column.value(row) : row[column.id];

// `table`: {id, label, columns, rows, key(row), sort, href(sort), empty, is_sorted_there}. A column: {id, label, number,
// cell(row), value(row), title, always, hidden, fixed: not sortable}.
export function view_table(table) {
  const { field, falls } = parse_sort(table.sort);
  const columns = shown_of(table);
  const by = table.columns.find(column => column.id === field);
  const rows = table.is_sorted_there || !by ? table.rows : sorted(table.rows, falls, row => value_of(by, row));
  const head = column => {
    const is_sorted = column.id === field;
    const inside = column.fixed || !table.href
      ? column.label
      : h('a', { href: table.href(next_sort(table.sort, column.id, column.number)), class: 'sort' },
          column.label, h('span', { class: 'arrow', 'aria-hidden': 'true' }, is_sorted ? (falls ? '▾' : '▴') : ''));
    return h('th', {
      key: column.id, scope: 'col', class: is_right(column) ? 'number' : '', title: column.title,
      'aria-sort': is_sorted ? (falls ? 'descending' : 'ascending') : null,
    }, inside);
  };
  const cell = (column, row) => {
    const shown = column.cell ? column.cell(row) : value_of(column, row);
    return h(column.always ? 'th' : 'td', { key: column.id, scope: column.always ? 'row' : null, class: is_right(column) ? 'number' : '' },
      shown === undefined || shown === null || shown === '' ? unknown : shown);
  };
  return h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': table.label, key: `table ${table.id}` },
    h('table', null,
      h('caption', { class: 'off-screen' }, table.label),
      h('thead', null, h('tr', null, columns.map(head))),
      h('tbody', null,
        rows.length === 0 && h('tr', { key: 'none' }, h('td', { class: 'empty', colspan: columns.length }, table.empty ?? 'There are none.')),
        rows.map(row => [
          h('tr', { key: `row ${table.key(row)}`, class: table.row_class?.(row) }, columns.map(column => cell(column, row))),
          table.below?.(row) && h('tr', { key: `below ${table.key(row)}`, class: 'below' }, h('td', { colspan: columns.length }, table.below(row))),
        ]))));
}

export function column_chooser(table, update) {
  const shown = new Set(shown_of(table).map(column => column.id));
  return h('details', { class: 'chooser', key: 'columns' },
    h('summary', null, 'Columns'),
    h('fieldset', { class: 'chooser-list' },
      h('legend', { class: 'off-screen' }, `Columns of ${table.label}`),
      table.columns.filter(column => !column.always).map(column => h('label', { key: column.id },
        h('input', {
          type: 'checkbox', checked: shown.has(column.id),
          onchange: event => { prefs.show(table.id, column.id, event.target.checked); update(); },
        }), ' ', column.label))));
}

// j and k: the link that opens a row of the page's first table, one further.
export function step_row(by) {
  const openers = [...document.querySelectorAll('main tbody tr:not(.below)')].map(row => row.querySelector('a, button')).filter(Boolean);
  if (!openers.length) return;
  const at = openers.findIndex(opener => opener.closest('tr').contains(document.activeElement));
  const next = at < 0 ? (by > 0 ? 0 : openers.length - 1) : Math.min(openers.length - 1, Math.max(0, at + by));
  openers[next].focus();
}
