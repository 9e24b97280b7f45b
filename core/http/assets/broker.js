// SPDX-License-Identifier: Apache-2.0
// One broker: its disks, and its settings with where they come from.
import { h } from './view.js';
import { ask } from './api.js';
import { api, route } from './url.js';
import { badge, commands, facts, filter_input, link, panel, state_badge } from './ui.js';
import { view_table } from './table.js';
import { bytes, bytes_per_second, count, counted, meaning, per_second, percent } from './format.js';
import { curl, mq } from './commands.js';

const topics_max = 100;

function value_of(row) {
  if (row.value === null) return badge('quiet', 'secret');
  return [h('span', { class: 'data' }, row.value), ' ', h('span', { class: 'quiet-text' }, meaning(row.key, row.value))];
}

const topics_summary = topics => topics.length > topics_max
  ? `Largest ${topics_max} of ${count(topics.length)} topics`
  : `Its ${counted(topics.length, 'topic')}`;

export const broker = {
  start(context) {
    const [, id] = context.parts;
    let all = null, typed = '';
    const settings = () => {
      const rows = (all.settings ?? []).filter(row => row.key.includes(typed));
      return {
        id: 'broker-settings', label: `Settings of broker ${id}`, rows, key: row => row.key, empty: all.settings ? 'None has such a name.' : 'It does not tell them: it is down.',
        sort: context.query.sort ?? 'key', href: sort => context.here({ sort }),
        columns: [
          { id: 'key', label: 'Setting', always: true, cell: row => h('span', { class: 'data', title: row.meaning }, row.key) },
          { id: 'value', label: 'Value', cell: value_of },
          { id: 'source', label: 'From' },
          { id: 'read_only', label: 'Changes', value: row => row.read_only, cell: row => row.read_only ? 'with a restart' : 'at once' },
        ],
      };
    };
    const topics = dir => ({
      id: 'broker-topics', label: `Topics in ${dir.directory}`, rows: [...dir.topics].sort((a, b) => b.bytes - a.bytes).slice(0, topics_max), key: row => row.topic,
      columns: [
        { id: 'topic', label: 'Topic', always: true, cell: row => link(route(['topics', row.topic]), row.topic) },
        { id: 'bytes', label: 'Size', number: true, cell: row => bytes(row.bytes) },
      ],
    });
    return {
      title: `Broker ${id}`,
      every: 3000,
      trail: () => [link('#/brokers', 'Brokers'), ' /'],
      badges: () => all && [' ', state_badge(all.state), all.controller && [' ', badge('quiet', 'controller')]],
      async load(signal) {
        all = await ask(api(['brokers', id]), { signal });
      },
      view() {
        const is_asked = context.version?.broker === all.broker, rate = name => context.rates.get(`broker ${name}`);
        const own = context.overview?.this_broker;
        return [
          facts([
            ['Address', all.address?.replace(/:0$/, '')],
            ['Rack', all.rack],
            ['Leaders', count(all.leaders)],
            ['Replicas', count(all.replicas)],
            ['Used', bytes(all.used_bytes), 'by the records it holds'],
            ['Disk', all.total_bytes > 0 ? `${percent(all.total_bytes - all.free_bytes, all.total_bytes)} of ${bytes(all.total_bytes)}` : null],
            ['Free', bytes(all.free_bytes)],
            is_asked && own && ['Connections', count(own.connections)],
            is_asked && own && ['Requests', `${per_second(rate('requests'))} (${count(own.requests)})`],
            is_asked && own && ['In / out', `${bytes_per_second(rate('bytes_in'))} / ${bytes_per_second(rate('bytes_out'))}`],
          ]),
          (all.log_dirs ?? []).map(dir => panel(`Directory ${dir.directory}`, { key: dir.directory },
            facts([['State', state_badge(dir.state)], ['Replicas', count(dir.replicas)], ['Used', bytes(dir.used_bytes)], ['Free', bytes(dir.free_bytes)]]),
            h('details', { class: 'more' }, h('summary', null, topics_summary(dir.topics)), view_table(topics(dir))))),
          panel('Settings', {
            aside: filter_input('Filter settings', 'Part of a name', typed, text => { typed = text.trim(); context.update(); }),
          }, view_table(settings())),
          commands([['mq', mq(context.at, 'broker describe', id, '--all')], ['curl', curl(context.at, api(['brokers', id]))]]),
        ];
      },
    };
  },
};
