// SPDX-License-Identifier: Apache-2.0
// One consumer group: who is in it, what it has read, and how far it is behind.
import { h } from './view.js';
import { ask } from './api.js';
import { api, route } from './url.js';
import { Rates } from './rates.js';
import { badge, commands, facts, link, panel, state_badge } from './ui.js';
import { column_chooser, view_table } from './table.js';
import { count, duration, per_second } from './format.js';
import { curl, mq } from './commands.js';

export const group = {
  start(context) {
    const [, name] = context.parts;
    const rates = new Rates();
    let all = null;
    // To what it reads next.
    const next_link = row => link(
      route(['topics', row.topic, 'messages'], { partition: row.partition, from: row.committed_offset }), `${row.topic} [${row.partition}]`);
    const key = row => `${row.topic}:${row.partition}`;
    const sort_by = (parameter, otherwise) => ({ sort: context.query[parameter] ?? otherwise, href: sort => context.here({ [parameter]: sort }) });
    const topics = () => ({
      id: 'group-topics', label: `Topics of ${name}`, rows: all.topics, key: row => row.topic, empty: 'It has read nothing yet.', ...sort_by('topics', '-lag'),
      columns: [
        { id: 'topic', label: 'Topic', always: true, cell: row => link(route(['topics', row.topic]), row.topic) },
        { id: 'partitions', label: 'Partitions', number: true, cell: row => count(row.partitions) },
        { id: 'lag', label: 'Lag', number: true, cell: row => count(row.lag) },
        { id: 'time_lag_ms', label: 'Time lag', number: true, cell: row => duration(row.time_lag_ms) },
      ],
    });
    const members = () => ({
      id: 'members', label: `Members of ${name}`, rows: all.member_details, key: row => row.member, ...sort_by('members', 'client_id'),
      empty: 'It has no members: nobody reads at the moment.',
      columns: [
        { id: 'member', label: 'Member', always: true, cell: row => h('span', { class: 'data' }, row.member) },
        { id: 'client_id', label: 'Client' },
        { id: 'host', label: 'Host' },
        { id: 'static_id', label: 'Static id', hidden: true },
        { id: 'partitions', label: 'Partitions', number: true, cell: row => count(row.partitions) },
        { id: 'assigned', label: 'Assigned', cell: row => h('span', { class: 'data' }, row.assigned) },
      ],
    });
    const partitions = () => ({
      id: 'group-partitions', label: `Partitions read by ${name}`, rows: all.partition_details, key, empty: 'It has read nothing yet.', ...sort_by('sort', '-lag'),
      columns: [
        { id: 'topic', label: 'Partition', always: true, value: key, cell: next_link },
        { id: 'committed_offset', label: 'Committed', number: true, cell: row => row.committed_offset === null ? badge('quiet', 'never') : count(row.committed_offset) },
        { id: 'end_offset', label: 'End', number: true, cell: row => count(row.end_offset) },
        { id: 'lag', label: 'Lag', number: true, cell: row => count(row.lag) },
        { id: 'time_lag_ms', label: 'Time lag', number: true, cell: row => duration(row.time_lag_ms) },
        { id: 'read', label: 'Read/s', number: true, value: row => rates.get(`read ${key(row)}`), title: 'how fast commits advance', cell: row => per_second(rates.get(`read ${key(row)}`)) },
        { id: 'written', label: 'Written/s', number: true, value: row => rates.get(`written ${key(row)}`), cell: row => per_second(rates.get(`written ${key(row)}`)) },
        { id: 'start_offset', label: 'Start', number: true, hidden: true, cell: row => count(row.start_offset) },
        { id: 'member', label: 'Member', cell: row => row.member && h('span', { class: 'data' }, row.member) },
      ],
    });
    return {
      title: name,
      every: 2000,
      trail: () => [link('#/groups', 'Groups'), ' /'],
      badges: () => all && [' ', state_badge(all.state)],
      actions: () => [!context.read_only && h('a', { class: 'button danger', href: route(['groups', name, 'delete']) }, 'Delete…')],
      async load(signal) {
        all = await ask(api(['groups', name]), { signal });
        const now = Date.now();
        for (const row of all.partition_details) {
          rates.of(`read ${key(row)}`, row.committed_offset, now);
          rates.of(`written ${key(row)}`, row.end_offset, now);
        }
      },
      view: () => [
        facts([
          ['Lag', count(all.lag), 'offsets from the next record to the end'],
          ['Time lag', duration(all.time_lag_ms), 'age of the next record that was not read'],
          ['Members', count(all.members)],
          ['Assignor', all.assignor || null],
          ['Coordinator', link(route(['brokers', all.coordinator]), `broker ${all.coordinator}`)],
        ]),
        all.topics.length > 1 && panel('Topics', {}, view_table(topics())),
        panel('Members', { aside: column_chooser(members(), context.update) }, view_table(members())),
        panel('Partitions', { aside: column_chooser(partitions(), context.update) }, view_table(partitions())),
        commands([['mq', mq(context.at, 'group describe', name)], ['curl', curl(context.at, api(['groups', name]))]]),
      ],
    };
  },
};
