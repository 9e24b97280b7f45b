// SPDX-License-Identifier: Apache-2.0
import { route, filter_of } from './url.js';
import { list_page } from './list_page.js';
import { link, state_badge } from './ui.js';
import { count, duration } from './format.js';
import { mq } from './commands.js';

export const groups = {
  start: context => list_page(context, {
    noun: 'groups', title: 'Groups', sort: '-time_lag_ms',
    mq: filter => mq(context.at, 'group list', filter ? filter_of(filter) : null),
    table: {
      id: 'groups', label: 'Consumer groups', key: row => row.group, empty: 'There is no consumer group yet.',
      columns: [
        { id: 'group', label: 'Group', always: true, cell: row => link(route(['groups', row.group]), row.group) },
        { id: 'state', label: 'State', cell: row => state_badge(row.state) },
        { id: 'type', label: 'Protocol' },
        { id: 'members', label: 'Members', number: true, cell: row => count(row.members) },
        { id: 'topics', label: 'Topics', number: true, cell: row => count(row.topics) },
        { id: 'lag', label: 'Lag', number: true, cell: row => count(row.lag), title: 'offsets from the next record to the end' },
        { id: 'time_lag_ms', label: 'Time lag', number: true, cell: row => duration(row.time_lag_ms), title: 'age of the next record that was not read' },
        { id: 'assignor', label: 'Assignor', hidden: true },
        { id: 'coordinator', label: 'Coordinator', number: true, hidden: true, cell: row => link(route(['brokers', row.coordinator]), row.coordinator) },
      ],
    },
  }),
};
