// SPDX-License-Identifier: Apache-2.0
import { route } from './url.js';
import { list_page } from './list_page.js';
import { badge, disk_bar, link, state_badge } from './ui.js';
import { bytes, count } from './format.js';
import { mq } from './commands.js';

export const brokers = {
  start: context => list_page(context, {
    noun: 'brokers', title: 'Brokers', sort: 'broker', has_no_names: true,
    mq: () => mq(context.at, 'broker list'),
    table: {
      id: 'brokers', label: 'Brokers', key: row => row.broker, empty: 'None is known.',
      columns: [
        { id: 'broker', label: 'Broker', number: true, always: true, cell: row => link(route(['brokers', row.broker]), row.broker) },
        { id: 'state', label: 'State', cell: row => [state_badge(row.state), row.controller && [' ', badge('quiet', 'controller')]] },
        { id: 'address', label: 'Address', cell: row => row.address?.replace(/:0$/, '') },
        { id: 'rack', label: 'Rack' },
        { id: 'leaders', label: 'Leaders', number: true, cell: row => count(row.leaders) },
        { id: 'replicas', label: 'Replicas', number: true, cell: row => count(row.replicas) },
        { id: 'used_bytes', label: 'Used', number: true, cell: row => bytes(row.used_bytes), title: 'by the records it holds' },
        { id: 'disk', label: 'Disk', fixed: true, cell: disk_bar },
        { id: 'free_bytes', label: 'Free', number: true, cell: row => bytes(row.free_bytes) },
        { id: 'total_bytes', label: 'Total', number: true, hidden: true, cell: row => bytes(row.total_bytes) },
      ],
    },
  }),
};
