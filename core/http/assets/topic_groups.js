// SPDX-License-Identifier: Apache-2.0
// Which groups read a topic. The broker lists groups, not topics' readers: the groups furthest behind are
// looked at, one after the other, and how many is said.
import { h } from './view.js';
import { ask } from './api.js';
import { api, route } from './url.js';
import { commands, link, state_badge } from './ui.js';
import { view_table } from './table.js';
import { count, counted, duration } from './format.js';
import { mq } from './commands.js';
import { topic_actions, topic_tabs, topic_trail } from './topic_parts.js';

const groups_max = 50;

export const topic_groups = {
  start(context) {
    const [, name] = context.parts;
    let rows = [], looked_at = 0, total = 0;
    return {
      title: name,
      every: 10_000,
      trail: topic_trail,
      actions: () => topic_actions(context),
      async load(signal) {
        const list = await ask(api(['groups'], { sort: '-time_lag_ms', limit: groups_max }), { signal });
        const found = [];
        for (const { group, topics } of list.items) {
          if (topics === 0) continue;
          const all = await ask(api(['groups', group]), { signal }).catch(error => {
            if (error.status === 404) return null;  // it was deleted meanwhile
            throw error;
          });
          const part = all?.topics.find(one => one.topic === name);
          if (part) found.push({ ...part, group, state: all.state, members: all.members });
        }
        rows = found, looked_at = list.items.length, total = list.total;
      },
      view: () => [
        topic_tabs(context),
        h('p', { class: 'quiet-text', role: 'status' }, looked_at < total
          ? `The ${count(looked_at)} of ${counted(total, 'group')} that are furthest behind were looked at.`
          : `${counted(total, 'group')} ${total === 1 ? 'was' : 'were'} looked at.`),
        view_table({
          id: 'topic-groups', label: `Groups that read ${name}`, rows, key: row => row.group, empty: 'No group reads it.',
          sort: context.query.sort ?? '-time_lag_ms', href: sort => context.here({ sort }),
          columns: [
            { id: 'group', label: 'Group', always: true, cell: row => link(route(['groups', row.group]), row.group) },
            { id: 'state', label: 'State', cell: row => state_badge(row.state) },
            { id: 'members', label: 'Members', number: true, cell: row => count(row.members) },
            { id: 'partitions', label: 'Partitions', number: true, cell: row => count(row.partitions) },
            { id: 'lag', label: 'Lag', number: true, cell: row => count(row.lag) },
            { id: 'time_lag_ms', label: 'Time lag', number: true, cell: row => duration(row.time_lag_ms) },
          ],
        }),
        commands([['mq', mq(context.at, 'group lag')]]),
      ],
    };
  },
};
