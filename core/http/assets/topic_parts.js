// SPDX-License-Identifier: Apache-2.0
// What all pages about one topic have: the way up, the tabs, the actions.
import { h } from './view.js';
import { route } from './url.js';
import { link } from './ui.js';

const tabs = [['Partitions', []], ['Messages', ['messages']], ['Settings', ['settings']], ['Groups', ['groups']]];

export function topic_trail() {
  return [link('#/topics', 'Topics'), ' /'];
}

export function below_topic_trail(name) {
  return [link('#/topics', 'Topics'), ' / ', link(route(['topics', name]), name), ' /'];
}

export function topic_tabs(context) {
  const [, name, what = ''] = context.parts;
  return h('nav', { class: 'tabs', 'aria-label': `About ${name}`, key: 'tabs' },
    tabs.map(([text, rest]) => h('a', { href: route(['topics', name, ...rest]), 'aria-current': (rest[0] ?? '') === what ? 'page' : null, key: text }, text)));
}

export function topic_actions(context) {
  const [, name] = context.parts;
  if (context.read_only) return [];
  return [
    h('a', { class: 'button', href: route(['topics', name, 'produce']) }, 'Produce'),
    h('a', { class: 'button danger', href: route(['topics', name, 'delete']) }, 'Delete…'),
  ];
}
