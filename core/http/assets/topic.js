// SPDX-License-Identifier: Apache-2.0
// One topic: where its partitions are, and how much is in them.
import { h } from './view.js';
import { ask } from './api.js';
import { api, route } from './url.js';
import { Rates } from './rates.js';
import { badge, commands, facts, link, state_badge, when } from './ui.js';
import { column_chooser, view_table } from './table.js';
import { ago, bytes, count, per_second } from './format.js';
import { curl, kcat, mq } from './commands.js';
import { topic_actions, topic_tabs, topic_trail } from './topic_parts.js';

export const topic = {
  start(context) {
    const [, name] = context.parts;
    const rates = new Rates();
    let all = null;
    const table = () => ({
      id: 'partitions', label: `Partitions of ${name}`, rows: all.partition_details, key: row => row.partition,
      sort: context.query.sort ?? 'partition', href: sort => context.here({ sort }),
      columns: [
        { id: 'partition', label: 'Partition', number: true, always: true, cell: row => link(route(['topics', name, 'messages'], { partition: row.partition }), row.partition) },
        { id: 'state', label: 'State', value: row => state_of(row), cell: row => state_badge(state_of(row)) },
        { id: 'leader', label: 'Leader', number: true, cell: row => row.leader === null ? badge('critical', 'none') : link(route(['brokers', row.leader]), row.leader) },
        { id: 'replicas', label: 'Replicas', cell: row => row.replicas.join(', '), value: row => row.replicas.length },
        { id: 'in_sync', label: 'In sync', cell: row => row.in_sync.join(', '), value: row => row.in_sync.length },
        { id: 'start_offset', label: 'Start', number: true, cell: row => count(row.start_offset) },
        { id: 'end_offset', label: 'End', number: true, cell: row => count(row.end_offset) },
        { id: 'stable_offset', label: 'Stable', number: true, hidden: true, cell: row => count(row.stable_offset), title: 'readers of committed records come no further' },
        { id: 'records', label: 'Records', number: true, cell: row => count(row.records) },
        { id: 'rate', label: 'Records/s', number: true, value: row => rates.get(row.partition), cell: row => per_second(rates.get(row.partition)) },
        { id: 'size_bytes', label: 'Size', number: true, cell: row => bytes(row.size_bytes) },
      ],
    });
    return {
      title: name,
      every: 2000,
      trail: topic_trail,
      badges: () => all && [' ', state_badge(all.state), all.internal && [' ', badge('quiet', 'internal')]],
      actions: () => topic_actions(context),
      async load(signal) {
        all = await ask(api(['topics', name]), { signal });
        const now = Date.now();
        for (const row of all.partition_details) rates.of(row.partition, row.end_offset, now);
      },
      view() {
        const written = Date.parse(all.last_write ?? '');
        const all_rates = all.partition_details.map(row => rates.get(row.partition)).filter(rate => rate !== undefined);
        return [
          topic_tabs(context),
          facts([
            ['Partitions', count(all.partitions)],
            ['Replicas of each', count(all.replication_factor)],
            ['Records', count(all.records), 'offsets between both ends'],
            ['In', all_rates.length ? per_second(all_rates.reduce((a, b) => a + b, 0)) : per_second(undefined), 'records a second, seen from here'],
            ['Size', bytes(all.size_bytes), 'of the leaders’ replicas, on disk'],
            ['Cleanup', all.cleanup_policy],
            ['Last write', Number.isNaN(written) ? null : `${when(written)} (${ago(written, Date.now())})`],
          ]),
          h('div', { class: 'toolbar', key: 'tools' }, h('span', { class: 'grow' }), column_chooser(table(), context.update)),
          view_table(table()),
          commands([
            ['mq', mq(context.at, 'topic describe', name, '--partitions')],
            ['curl', curl(context.at, api(['topics', name]))],
            ['kcat', kcat(context.at, '-L', '-t', name)],
          ]),
        ];
      },
    };
  },
};

function state_of(row) {
  if (row.leader === null) return 'offline';
  return row.in_sync.length < row.replicas.length ? 'under-replicated' : 'ok';
}
