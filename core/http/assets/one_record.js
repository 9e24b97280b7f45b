// SPDX-License-Identifier: Apache-2.0
// One record, at an address that can be passed on.
import { ask } from './api.js';
import { api, route } from './url.js';
import { link } from './ui.js';
import { view_record } from './record_view.js';
import { below_topic_trail } from './topic_parts.js';
import { h } from './view.js';

export const one_record = {
  start(context) {
    const [, topic, , partition, offset] = context.parts;
    const chosen = {};
    let record = null;
    const beside = by => route(['topics', topic, 'messages', partition, Number(offset) + by]);
    return {
      title: `Offset ${offset}`,
      every: 0,
      trail: () => [...below_topic_trail(topic), ' ', link(route(['topics', topic, 'messages'], { partition }), `partition ${partition}`), ' /'],
      async load(signal) {
        record ??= await ask(api(['topics', topic, 'records', partition, offset]), { signal });
      },
      view: () => [
        h('nav', { class: 'pages', 'aria-label': 'Neighbours' }, Number(offset) > 0 && link(beside(-1), '‹ Offset before'), link(beside(1), 'Next offset ›')),
        view_record(context, record, chosen, context.update),
      ],
    };
  },
};
