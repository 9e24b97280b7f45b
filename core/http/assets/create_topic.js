// SPDX-License-Identifier: Apache-2.0
import { h } from './view.js';
import { ask } from './api.js';
import { api, route } from './url.js';
import { button, commands, facts, field, link, notice, panel, trouble_box } from './ui.js';
import { count } from './format.js';
import { parse_settings } from './settings.js';
import { curl, mq } from './commands.js';

const flag = (name, value) => value ? [name, value] : [];

export const create_topic = {
  start(context) {
    const typed = { topic: '', partitions: '', replication: '', config: '' };
    let plan = null, trouble = null, is_asking = false;

    const body = () => {
      const row = { topic: typed.topic.trim() };
      if (typed.partitions) row.partitions = Number(typed.partitions);
      if (typed.replication) row.replication_factor = Number(typed.replication);
      const { config } = parse_settings(typed.config);
      if (config && Object.keys(config).length) row.config = config;
      return JSON.stringify(row);
    };

    async function send(is_trial) {
      const { wrong } = parse_settings(typed.config);
      if (wrong !== undefined) {
        trouble = { message: `"${wrong}" is no setting`, hint: 'one a line, as retention.ms=7d' };
        return context.update();
      }
      is_asking = true, trouble = null, plan = null;
      context.update();
      try {
        const answer = await ask(api(['topics'], is_trial ? { dry_run: true } : {}), { method: 'POST', body: body() });
        if (is_trial) {
          plan = answer;
        } else {
          context.say('ok', `Created ${answer.topic}.`);
          context.go(route(['topics', answer.topic]));
        }
      } catch (error) {
        trouble = error;
      }
      is_asking = false;
      context.update();
    }

    const bind = what => ({ value: typed[what], spellcheck: 'false', autocomplete: 'off', oninput: event => { typed[what] = event.target.value; plan = null; context.update(); } });
    return {
      title: 'Create topic',
      every: 0,
      trail: () => [link('#/topics', 'Topics'), ' /'],
      view() {
        if (context.known && context.read_only) return notice('warning', 'Nothing can be created here: http.read_only.');
        const config = Object.entries(parse_settings(typed.config).config ?? {}).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
        return h('div', { class: 'two' },
          h('form', { class: 'form panel', 'aria-label': 'A topic', onsubmit: event => { event.preventDefault(); send(false); } },
            field('Name', h('input', {
              type: 'text', required: true, maxlength: '249', pattern: '[A-Za-z0-9._\\-]+', title: 'letters, digits, dot, underscore, dash', ...bind('topic'),
            })),
            field('Partitions', h('input', { type: 'number', min: '1', max: '100000', class: 'short', placeholder: 'default', ...bind('partitions') })),
            field('Replicas of each', h('input', { type: 'number', min: '1', max: '32767', class: 'short', placeholder: 'default', ...bind('replication') })),
            field('Settings', h('textarea', { rows: '4', class: 'data', placeholder: 'retention.ms=7d', ...bind('config') }), 'One a line; as people write them: 7d, 2M.'),
            trouble && trouble_box(trouble, 'Not created'),
            h('div', { class: 'actions' },
              h('button', { type: 'submit', class: 'primary', disabled: is_asking }, 'Create topic'),
              button('Try it first', event => { if (event.currentTarget.form.reportValidity()) send(true); }, { disabled: is_asking }))),
          h('div', null,
            plan && panel('It would be created', {}, facts([['Topic', plan.topic], ['Partitions', count(plan.partitions)], ['Replicas of each', count(plan.replication_factor)]])),
            commands([
              ['mq', mq(context.at, 'topic create', typed.topic.trim() || 'NAME', ...flag('-p', typed.partitions), ...flag('-r', typed.replication), ...config)],
              ['curl', curl(context.at, api(['topics']), { method: 'POST', body: body() })],
            ])));
      },
    };
  },
};
