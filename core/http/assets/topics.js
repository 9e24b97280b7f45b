// SPDX-License-Identifier: Apache-2.0
import { h } from './view.js';
import { route, filter_of } from './url.js';
import { list_page } from './list_page.js';
import { Rates } from './rates.js';
import { badge, link, state_badge } from './ui.js';
import { bytes, bytes_per_second, count, per_second } from './format.js';
import { mq } from './commands.js';

export const topics = {
  start(context) {
    const rates = new Rates();
    return list_page(context, {
      noun: 'topics', title: 'Topics', sort: 'topic',
      came(rows, now) {
        for (const row of rows) {
          rates.of(`records ${row.topic}`, row.records, now);
          rates.of(`bytes ${row.topic}`, row.size_bytes, now);
        }
      },
      mq: filter => mq(context.at, 'topic list', filter ? filter_of(filter) : null),
      actions: () => [!context.read_only && h('a', { class: 'button primary', href: '#/create-topic' }, 'Create topic')],
      table: {
        id: 'topics', label: 'Topics', key: row => row.topic, empty: ['There is no topic yet. ', !context.read_only && link('#/create-topic', 'Create one')],
        columns: [
          { id: 'topic', label: 'Topic', always: true, cell: row => [link(route(['topics', row.topic]), row.topic), row.internal && [' ', badge('quiet', 'internal')]] },
          { id: 'state', label: 'State', cell: row => state_badge(row.state) },
          { id: 'partitions', label: 'Partitions', number: true, cell: row => count(row.partitions) },
          { id: 'replication_factor', label: 'Replicas', number: true, cell: row => count(row.replication_factor) },
          { id: 'records', label: 'Records', number: true, cell: row => count(row.records), title: 'offsets between both ends; there are fewer records where the topic is compacted' },
          { id: 'rate', label: 'Records/s', number: true, fixed: true, cell: row => per_second(rates.get(`records ${row.topic}`)), title: 'seen from here, between two answers' },
          { id: 'size_bytes', label: 'Size', number: true, cell: row => bytes(row.size_bytes), title: 'of the leaders’ replicas, on disk' },
          { id: 'bytes_rate', label: 'Bytes/s', number: true, fixed: true, hidden: true, cell: row => bytes_per_second(rates.get(`bytes ${row.topic}`)) },
          { id: 'under_replicated', label: 'Under-replicated', number: true, hidden: true, cell: row => count(row.under_replicated) },
          { id: 'offline', label: 'Without leader', number: true, hidden: true, cell: row => count(row.offline) },
        ],
      },
    });
  },
};
