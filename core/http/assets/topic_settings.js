// SPDX-License-Identifier: Apache-2.0
// A topic's settings: looked at, changed, compared before they are.
import { h } from './view.js';
import { ask } from './api.js';
import { api } from './url.js';
import { badge, button, commands, filter_input, panel, trouble_box } from './ui.js';
import { view_table } from './table.js';
import { counted, meaning, unknown } from './format.js';
import { changes_of, patch_of } from './settings.js';
import { curl, mq } from './commands.js';
import { topic_actions, topic_tabs, topic_trail } from './topic_parts.js';

export const topic_settings = {
  start(context) {
    const [, name] = context.parts;
    let rows = [], typed = {}, plan = null, trouble = null, is_asking = false, contains = '', own_only = false;
    const update = context.update;
    const path = query => api(['topics', name, 'config'], query);
    const changes = () => changes_of(rows, typed);

    async function send(is_trial) {
      is_asking = true, trouble = null;
      update();
      try {
        const answer = await ask(path(is_trial ? { dry_run: true } : {}), { method: 'PATCH', body: JSON.stringify(patch_of(changes())) });
        if (is_trial) {
          plan = answer;
        } else {
          typed = {}, plan = null;
          context.say('ok', `Changed ${counted(answer.length, 'setting')} of ${name}.`);
          context.reload();
        }
      } catch (error) {
        trouble = error, plan = null;
      }
      is_asking = false;
      update();
    }

    const edit = (key, value) => { typed = { ...typed, [key]: value }, plan = null, trouble = null; update(); };
    const keep = key => { const { [key]: _, ...rest } = typed; typed = rest, plan = null; update(); };
    const value_text = (key, value) => value === null
      ? badge('quiet', 'secret')
      : [h('span', { class: 'data' }, value === '' ? '""' : value), h('span', { class: 'quiet-text' }, ` ${meaning(key, value)}`)];

    const name_of = row => [
      h('span', { class: 'data' }, row.key),
      row.effective === false && [' ', badge('quiet', 'no effect', 'stored and shown, without effect in mq')],
    ];
    const cell_of = row => {
      if (!(row.key in typed)) return value_text(row.key, row.value);
      if (typed[row.key] === null) return ['back to ', value_text(row.key, row.default)];
      return h('input', {
        type: 'text', class: 'data', 'aria-label': `New value of ${row.key}`, value: typed[row.key], spellcheck: 'false',
        oninput: event => edit(row.key, event.target.value), ref: element => element.focus(),
      });
    };
    const acts_of = row => {
      if (row.key in typed) return button('Keep', () => keep(row.key), { class: 'small', 'aria-label': `Keep ${row.key} as it is` });
      return [
        button('Edit', () => edit(row.key, row.value ?? ''), { class: 'small', 'aria-label': `Edit ${row.key}` }), ' ',
        row.override && button('Reset', () => edit(row.key, null), { class: 'small', 'aria-label': `Reset ${row.key} to its default` }),
      ];
    };
    const table = () => ({
      id: 'settings', label: `Settings of ${name}`, key: row => row.key, empty: own_only ? 'It has no settings of its own.' : 'None has such a name.',
      rows: rows.filter(row => row.key.includes(contains) && (!own_only || row.override || row.key in typed)),
      sort: context.query.sort ?? 'key', href: sort => context.here({ sort }),
      row_class: row => row.key in typed ? 'opened' : '',
      columns: [
        { id: 'key', label: 'Setting', always: true, cell: name_of },
        { id: 'value', label: 'Value', cell: cell_of },
        { id: 'default', label: 'Default', cell: row => h('span', { class: 'data quiet-text' }, row.default === '' ? '""' : row.default) },
        { id: 'override', label: 'Its own', value: row => row.override ? 0 : 1, cell: row => row.override ? badge('warning', 'own') : 'default' },
        ...(context.read_only ? [] : [{ id: 'acts', label: 'Change', fixed: true, always: false, cell: acts_of }]),
      ],
    });

    function view_changes() {
      const all = changes();
      if (all.length === 0) return null;
      const words = all.flatMap(change => change.is_reset ? ['--unset', change.key] : ['-c', `${change.key}=${change.after}`]);
      const diff = plan ?? all.map(change => ({ key: change.key, before: change.before, after: change.is_reset ? rows.find(row => row.key === change.key).default : change.after }));
      return panel(plan ? 'The broker would change' : 'To be changed', { key: 'changes' },
        h('table', { class: 'diff' }, h('thead', null, h('tr', null, ['Setting', 'Before', 'After'].map(text => h('th', { scope: 'col' }, text)))),
          h('tbody', null, diff.map(row => h('tr', { key: row.key }, h('th', { scope: 'row', class: 'data' }, row.key),
            h('td', null, h('del', { class: 'data' }, row.before ?? unknown)),
            h('td', null, h('ins', { class: 'data' }, row.after ?? unknown), h('span', { class: 'quiet-text' }, ` ${meaning(row.key, row.after)}`)))))),
        trouble && trouble_box(trouble, 'Not changed'),
        h('div', { class: 'actions' },
          plan ? button(`Change ${counted(all.length, 'setting')}`, () => send(false), { class: 'primary', disabled: is_asking })
            : button('Try it first', () => send(true), { class: 'primary', disabled: is_asking }),
          button('Keep all', () => { typed = {}, plan = null, trouble = null; update(); })),
        commands([['mq', mq(context.at, 'topic alter', name, ...words)], ['curl', curl(context.at, path(), { method: 'PATCH', body: JSON.stringify(patch_of(all)) })]]));
    }

    return {
      title: name,
      every: 3000,
      trail: topic_trail,
      actions: () => topic_actions(context),
      async load(signal) {
        rows = await ask(path(), { signal });
      },
      view: () => [
        topic_tabs(context),
        view_changes(),
        h('div', { class: 'toolbar', key: 'tools' },
          filter_input('Filter settings', 'Part of a name', contains, text => { contains = text.trim(); update(); }),
          h('label', { class: 'check' }, h('input', { type: 'checkbox', checked: own_only, onchange: event => { own_only = event.target.checked; update(); } }), ' Only its own'),
          h('span', { class: 'quiet-text' }, `${rows.filter(row => row.override).length} of its own`)),
        view_table(table()),
        commands([['mq', mq(context.at, 'topic describe', name, '--config')], ['curl', curl(context.at, path())]]),
      ],
    };
  },
};
