// SPDX-License-Identifier: Apache-2.0
// Deletes a topic or a group: first what that would do, as the broker says it; then the name is typed.
import { h } from './view.js';
import { ask } from './api.js';
import { api, route } from './url.js';
import { commands, facts, field, link, notice, trouble_box } from './ui.js';
import { bytes, count, counted } from './format.js';
import { curl, mq } from './commands.js';

// `about`: {noun, what(plan), rows(plan)}
const deletion = about => ({
  start(context) {
    const [noun, name] = context.parts;
    let plan = null, typed = '', trouble = null, is_asking = false;
    const path = query => api([noun, name], query);

    async function remove(event) {
      event.preventDefault();
      if (typed !== name || is_asking) return;
      is_asking = true, trouble = null;
      context.update();
      try {
        await ask(path(), { method: 'DELETE' });
        context.say('ok', `Deleted the ${about.noun} ${name}.`);
        context.go(route([noun]), { replace: true });
      } catch (error) {
        trouble = error;
      }
      is_asking = false;
      context.update();
    }

    return {
      title: `Delete ${name}`,
      every: 0,
      trail: () => [link(route([noun]), noun === 'topics' ? 'Topics' : 'Groups'), ' / ', link(route([noun, name]), name), ' /'],
      async load(signal) {
        plan ??= await ask(path({ dry_run: true }), { method: 'DELETE', signal });
      },
      view() {
        if (context.known && context.read_only) return notice('warning', 'Nothing can be deleted here: http.read_only.');
        return h('div', { class: 'two' },
          h('form', { class: 'form panel danger', onsubmit: remove, 'aria-label': `Delete the ${about.noun}` },
            h('p', null, h('strong', null, about.what(plan)), ' It cannot be taken back.'),
            facts(about.rows(plan)),
            field(`Type the name of the ${about.noun}: ${name}`, h('input', {
              type: 'text', value: typed, spellcheck: 'false', autocomplete: 'off',
              oninput: event => { typed = event.target.value; context.update(); },
            })),
            trouble && trouble_box(trouble, 'Not deleted'),
            h('div', { class: 'actions' },
              h('button', { type: 'submit', class: 'primary danger', disabled: typed !== name || is_asking }, is_asking ? 'Deleting…' : `Delete the ${about.noun}`),
              link(route([noun, name]), 'Keep it'))),
          h('div', null, commands([
            ['mq', mq(context.at, `${about.noun} delete`, name)],
            ['curl', curl(context.at, path(), { method: 'DELETE' })],
            ['try it first', curl(context.at, path({ dry_run: true }), { method: 'DELETE' })],
          ])));
      },
    };
  },
});

export const delete_topic = deletion({
  noun: 'topic',
  what: plan => `The topic, its ${counted(plan.partitions, 'partition')} and ${plan.records === undefined ? 'all records' : counted(plan.records, 'record')} would be deleted.`,
  rows: plan => [['Partitions', count(plan.partitions)], ['Replicas of each', count(plan.replication_factor)], ['Records', count(plan.records)], ['Size', bytes(plan.size_bytes)]],
});

export const delete_group = deletion({
  noun: 'group',
  what: () => 'The group and its committed offsets would be deleted: who joins it later begins anew.',
  rows: plan => [['State', plan.state], ['Members', count(plan.members)], ['Lag', count(plan.lag)]],
});
