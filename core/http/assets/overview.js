// SPDX-License-Identifier: Apache-2.0
// The cluster at a glance: what is wrong and what to do about it, how much there is, what is busiest.
import { h } from './view.js';
import { ask, ask_all } from './api.js';
import { api, route } from './url.js';
import { Rates } from './rates.js';
import { problem_texts } from './health_text.js';
import { badge, commands, disk_bar, link, notice, panel, state_badge, tile, trouble_box } from './ui.js';
import { view_table } from './table.js';
import { bytes, bytes_per_second, count, counted, duration, per_second, percent, unknown } from './format.js';
import { curl, mq } from './commands.js';

const lists_every_ms = 5000;

export const overview = {
  start(context) {
    const rates = new Rates();
    let all = null, lists = null, troubles = {}, lists_at = 0, by = 'bytes';

    async function load_lists(signal) {
      if (Date.now() - lists_at < lists_every_ms) return;
      const fields = 'topic,partitions,records,size_bytes,state';
      const sort = by === 'bytes' ? '-size_bytes' : '-records';
      const got = await ask_all({
        topics: ask(api(['topics'], { sort, limit: 6, fields }), { signal }),
        groups: ask(api(['groups'], { sort: '-time_lag_ms', limit: 6 }), { signal }),
        brokers: ask(api(['brokers'], { limit: 1000 }), { signal }),
      });
      lists = { ...lists, ...got.answers }, troubles = got.troubles, lists_at = Date.now();
      const at = Date.parse(got.answers.topics?.as_of ?? '');
      for (const row of got.answers.topics?.items ?? []) {
        rates.of(`records ${row.topic}`, row.records, at);
        rates.of(`bytes ${row.topic}`, row.size_bytes, at);
      }
    }

    return {
      title: 'Overview',
      every: 2000,
      async load(signal) {
        all = await ask(api(['overview']), { signal });
        await load_lists(signal);
      },
      view: () => [
        view_health(all),
        all.partial.map(text => notice('warning', `Not all is known: ${text}`)),
        view_tiles(context, all, lists?.brokers),
        h('div', { class: 'two' },
          view_topics(lists?.topics, troubles.topics, rates, by, chosen => { by = chosen, lists_at = 0; context.reload(); }),
          view_groups(lists?.groups, troubles.groups)),
        view_brokers(lists?.brokers, troubles.brokers),
        commands([['mq', mq(context.at, 'cluster health')], ['curl', curl(context.at, api(['overview']))]]),
      ],
    };
  },
};

function view_health({ health, this_broker }) {
  const problems = health.problems.map(problem_texts);
  if (this_broker.disk_failed)
    problems.unshift({
      kind: 'critical', headline: 'The disk failed', reason: 'this broker could not write, and takes no records',
      remedy: 'see its log; repair the disk and start it again',
    });
  if (this_broker.disk_full)
    problems.unshift({
      kind: 'critical', headline: 'The disk is full', reason: 'this broker takes no records',
      remedy: 'make room: shorten retention.ms, delete topics, or enlarge the disk',
    });
  if (problems.length === 0)
    return notice('ok', badge('ok', 'healthy'), ' Every partition has a leader and all its replicas.');
  return h('ul', { class: 'problems' }, problems.map(problem => h('li', { class: `notice ${problem.kind}` },
    badge(problem.kind, problem.kind), ' ', h('strong', null, problem.headline), problem.reason && ` – ${problem.reason}`,
    problem.remedy && h('div', { class: 'remedy' }, '→ ', problem.remedy))));
}

function view_tiles(context, all, brokers) {
  const own = all.this_broker, rate = name => context.rates.get(`broker ${name}`);
  const up = brokers?.items.filter(one => one.state === 'ok').length;
  const fullest = brokers?.items.filter(one => one.total_bytes > 0)
    .map(one => ({ ...one, used: one.total_bytes - one.free_bytes }))
    .sort((a, b) => b.used / b.total_bytes - a.used / a.total_bytes)[0];
  const broken = name => all.health.problems.filter(one => one.problem === name).reduce((sum, one) => sum + one.partitions.length, 0);
  const leaderless = broken('no_leader'), under = broken('under_replicated');
  return h('div', { class: 'tiles' },
    tile('Brokers', brokers ? `${count(up)} / ${count(brokers.total)}` : count(all.health.brokers), {
      sub: 'up / all', href: '#/brokers', kind: brokers && up < brokers.total ? 'critical' : '',
    }),
    tile('Topics', count(all.topics), { href: '#/topics', sub: 'with internal ones' }),
    tile('Partitions', count(all.partitions), {
      sub: leaderless || under ? `${count(leaderless)} without a leader, ${count(under)} under-replicated` : 'all have leader and replicas',
      kind: leaderless ? 'critical' : under ? 'warning' : '',
    }),
    tile('Groups', count(all.groups), { href: '#/groups' }),
    tile('Connections', count(own.connections), { sub: 'to this broker' }),
    tile('Requests', per_second(rate('requests')), { sub: `${count(own.requests)} in all` }),
    tile('In', bytes_per_second(rate('bytes_in')), { sub: `${bytes(own.bytes_in)} in all`, title: 'what clients send this broker' }),
    tile('Out', bytes_per_second(rate('bytes_out')), { sub: `${bytes(own.bytes_out)} in all`, title: 'what this broker sends clients' }),
    tile('Batches', per_second(rate('batches')), { sub: `${count(own.batches)}, ${bytes(own.batch_bytes)}`, title: 'batches of records written' }),
    tile('Flushes', per_second(rate('syncs')), { sub: `${count(own.syncs)} in all`, title: 'times the disk was waited for' }),
    tile('Log', bytes(own.disk_bytes), { sub: counted(own.segments, 'segment'), title: 'of this broker, on disk' }),
    tile('Disk', fullest ? percent(fullest.used, fullest.total_bytes) : unknown, {
      sub: fullest ? `${bytes(fullest.free_bytes)} free, broker ${fullest.broker}` : 'not told',
      kind: fullest && fullest.used / fullest.total_bytes > 0.95 ? 'critical' : fullest && fullest.used / fullest.total_bytes > 0.85 ? 'warning' : '',
      title: 'of the broker whose disk is fullest; whatever uses it',
    }));
}

function view_topics(list, trouble, rates, by, choose) {
  const aside = h('div', { class: 'segmented', role: 'group', 'aria-label': 'Largest by' },
    [['bytes', 'bytes'], ['records', 'records']].map(([id, name]) =>
      h('button', { type: 'button', 'aria-pressed': String(by === id), onclick: () => choose(id) }, name)));
  return panel('Largest topics', { aside }, trouble && trouble_box(trouble, 'Topics'),
    list ? view_table({
      id: 'top-topics', label: 'Largest topics', rows: list.items, key: row => row.topic, empty: ['There is no topic yet. ', link('#/create-topic', 'Create one')],
      columns: [
        { id: 'topic', label: 'Topic', always: true, cell: row => link(route(['topics', row.topic]), row.topic) },
        { id: 'records', label: 'Records', number: true, cell: row => count(row.records), title: 'offsets between both ends' },
        { id: 'rate', label: 'Records/s', number: true, cell: row => per_second(rates.get(`records ${row.topic}`)) },
        { id: 'size_bytes', label: 'Size', number: true, cell: row => bytes(row.size_bytes) },
        { id: 'bytes_rate', label: 'Bytes/s', number: true, cell: row => bytes_per_second(rates.get(`bytes ${row.topic}`)) },
      ],
    }) : !trouble && h('p', { class: 'quiet-text' }, 'Asking…'));
}

function view_groups(list, trouble) {
  return panel('Groups furthest behind', {}, trouble && trouble_box(trouble, 'Groups'),
    list ? view_table({
      id: 'top-groups', label: 'Groups furthest behind', rows: list.items, key: row => row.group, empty: 'There is no consumer group yet.',
      columns: [
        { id: 'group', label: 'Group', always: true, cell: row => link(route(['groups', row.group]), row.group) },
        { id: 'state', label: 'State', cell: row => state_badge(row.state) },
        { id: 'lag', label: 'Lag', number: true, cell: row => count(row.lag) },
        { id: 'time_lag_ms', label: 'Time lag', number: true, cell: row => duration(row.time_lag_ms) },
      ],
    }) : !trouble && h('p', { class: 'quiet-text' }, 'Asking…'));
}

function view_brokers(list, trouble) {
  return panel('Brokers', {}, trouble && trouble_box(trouble, 'Brokers'),
    list?.partial.map(text => notice('warning', `Not all is known: ${text}`)),
    list && view_table({
      id: 'overview-brokers', label: 'Brokers', rows: list.items, key: row => row.broker,
      columns: [
        { id: 'broker', label: 'Broker', always: true, cell: row => link(route(['brokers', row.broker]), `broker ${row.broker}`) },
        { id: 'state', label: 'State', cell: row => [state_badge(row.state), row.controller && [' ', badge('quiet', 'controller')]] },
        { id: 'leaders', label: 'Leaders', number: true, cell: row => count(row.leaders) },
        { id: 'replicas', label: 'Replicas', number: true, cell: row => count(row.replicas) },
        { id: 'used_bytes', label: 'Used', number: true, cell: row => bytes(row.used_bytes) },
        { id: 'disk', label: 'Disk', cell: disk_bar },
        { id: 'free_bytes', label: 'Free', number: true, cell: row => bytes(row.free_bytes) },
      ],
    }));
}
