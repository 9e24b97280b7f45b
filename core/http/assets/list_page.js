// SPDX-License-Identifier: Apache-2.0
// A list that the broker filters, sorts and pages: what topics, groups and brokers have in common.
import { h } from './view.js';
import { ask } from './api.js';
import { api, filter_of } from './url.js';
import { column_chooser, view_table } from './table.js';
import { commands, filter_input, link, notice } from './ui.js';
import { count } from './format.js';
import { curl } from './commands.js';

const typed_ms = 250;

// `about`: {noun, title, table {id, label, columns, key, empty}, sort, came(rows, at), mq(filter), actions, has_no_names}
export function list_page(context, about) {
  let page = null, timer = null;
  const sort = () => context.query.sort ?? about.sort;
  const asked = () => ({ filter: filter_of(context.query.filter ?? ''), sort: sort(), limit: context.query.limit, cursor: context.query.cursor });
  const typed = text => {
    clearTimeout(timer);
    timer = setTimeout(() => context.go(context.here({ filter: text, cursor: null }), { replace: true }), typed_ms);
  };
  const table = () => ({
    ...about.table, rows: page.items, sort: sort(), is_sorted_there: true,
    href: by => context.here({ sort: by, cursor: null }),
    empty: context.query.filter ? 'None has such a name.' : about.table.empty,
  });
  return {
    title: about.title,
    every: 2000,
    left: () => clearTimeout(timer),
    async load(signal) {
      const path = api([about.noun], asked());
      page = await ask(path, { signal });
      about.came?.(page.items, Date.parse(page.as_of));
    },
    actions: about.actions,
    view: () => [
      h('div', { class: 'toolbar', role: 'search', key: 'tools' },
        about.has_no_names ? h('span', { class: 'grow' }) : filter_input(`Filter ${about.noun}`, 'Part of a name, logs-*, or /regex/', context.query.filter ?? '', typed),
        column_chooser(about.table, context.update),
        h('span', { class: 'quiet-text', role: 'status' }, page.items.length === page.total ? count(page.total) : `${count(page.items.length)} of ${count(page.total)}`)),
      page.partial.map(text => notice('warning', `Not all is known: ${text}`)),
      view_table(table()),
      (page.next || context.query.cursor) && h('nav', { class: 'pages', 'aria-label': 'More rows', key: 'pages' },
        context.query.cursor && link(context.here({ cursor: null }), '⇤ First'),
        page.next && link(context.here({ cursor: page.next }), 'Next ›')),
      commands([['mq', about.mq(context.query.filter ?? '')], ['curl', curl(context.at, api([about.noun], asked()))]]),
    ],
  };
}
