// SPDX-License-Identifier: Apache-2.0
// First steps with this broker, at its own address.
import { h } from './view.js';
import { api } from './url.js';
import { commands, facts, link, panel, view_keys } from './ui.js';
import { duration } from './format.js';
import { curl, kcat, mq } from './commands.js';

export const help = {
  start: context => ({
    title: 'Help',
    every: 0,
    view() {
      const { at, version } = context, brokers = at.brokers || 'HOST:9092';
      return [
        version && facts([
          ['Kafka’s protocol', h('span', { class: 'data' }, brokers)],
          ['This page and REST', h('span', { class: 'data' }, at.base)],
          ['Version', version.version],
          ['Cluster', version.cluster],
          ['Broker', version.broker],
          ['Mode', version.mode],
          ['Runs for', duration(version.uptime_ms)],
          ['Changes', version.read_only ? 'not from here: http.read_only' : 'allowed'],
        ]),
        h('div', { class: 'two' },
          panel('Write and read', {},
            commands([
              ['write', `echo hello | ${mq(at, 'produce', 'test', '--create')}`],
              ['read', mq(at, 'consume', 'test', '-e')],
              ['watch', mq(at, 'tail', 'test')],
            ], 'mq'),
            commands([
              ['write', curl(at, api(['topics', 'test', 'records']), { method: 'POST', body: 'hello', type: '' })],
              ['read', curl(at, api(['topics', 'test', 'records']))],
              ['lines', curl(at, api(['topics', 'test', 'records']), { headers: ['Accept: application/x-ndjson'] })],
              ['watch', curl(at, api(['topics', 'test', 'tail'])).replace('curl ', 'curl -N ')],
            ], 'curl'),
            commands([
              ['write', `echo hello | ${kcat(at, '-P', '-t', 'test')}`],
              ['read', kcat(at, '-C', '-e', '-t', 'test')],
            ], 'kcat')),
          h('div', null,
            panel('Look', {}, commands([
              ['health', mq(at, 'cluster health')],
              ['topics', mq(at, 'topic list')],
              ['groups', mq(at, 'group list')],
            ], 'How it is')),
            panel('Monitor', {}, commands([
              ['ready', curl(at, 'readyz')],
              ['health', curl(at, 'healthz?verbose')],
              ['metrics', curl(at, 'metrics')],
            ], 'Probes, and metrics for Prometheus')),
            panel('Clients', {}, h('p', null, 'Any client of Apache Kafka works. Give it this address:'),
              commands([['bootstrap', `bootstrap.servers=${brokers}`]], 'Setting')),
            panel('REST', {}, h('p', null, 'All there is, described for programs: ', link(api(['openapi.json']), 'openapi.json'), '. Every page shows the request it is made from.'),
              h('p', null, 'Wrong requests are answered with a problem (RFC 9457) that says what to do.')),
            panel('Not here', {}, h('p', null, 'Schema registries, connectors, decoding of Avro and Protobuf, several clusters on one page, sign-on.')),
            panel('Keys', {}, view_keys()))),
      ];
    },
  }),
};
