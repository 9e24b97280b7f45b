// SPDX-License-Identifier: Apache-2.0
// Finds topics and groups by a part of their names; the broker looks, not the page.
import { h, render } from './view.js';
import { ask, ask_all } from './api.js';
import { api, filter_of, route } from './url.js';

const pause_ms = 150;

export class Search {
  #text = '';
  #found = [];  // {kind, name}
  #note = '';
  #at = 0;
  #timer = null;
  #asking = null;

  constructor(dialog) {
    this.dialog = dialog;
    dialog.className = 'search';
    dialog.setAttribute('aria-label', 'Search');
  }

  open() {
    if (this.dialog.open) return;
    this.#found = [], this.#note = '', this.#at = 0;
    this.#show();
    this.dialog.showModal();
    const input = this.dialog.querySelector('input');
    input.focus();
    input.select();
    if (this.#text) this.#ask();
  }

  close() {
    if (this.dialog.open) this.dialog.close();
  }

  #typed(text) {
    this.#text = text;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), pause_ms);
  }

  async #ask() {
    this.#asking?.abort();
    const { signal } = this.#asking = new AbortController();
    const filter = filter_of(this.#text);
    try {
      if (!filter) {
        this.#found = [], this.#note = '';
      } else {
        const { answers, troubles } = await ask_all({
          topics: ask(api(['topics'], { filter, limit: 8, fields: 'topic' }), { signal }),
          groups: ask(api(['groups'], { filter, limit: 8, fields: 'group' }), { signal }),
        });
        this.#found = [
          ...(answers.topics?.items ?? []).map(item => ({ kind: 'topic', name: item.topic })),
          ...(answers.groups?.items ?? []).map(item => ({ kind: 'group', name: item.group })),
        ];
        const total = (answers.topics?.total ?? 0) + (answers.groups?.total ?? 0);
        const failed = Object.entries(troubles).map(([what, trouble]) => `${what}: ${trouble.message}`).join('; ');
        this.#note = failed || (total > this.#found.length ? `${this.#found.length} of ${total}` : total === 0 ? 'Nothing has such a name.' : '');
      }
    } catch (error) {
      if (error.name === 'AbortError') return;
      this.#found = [], this.#note = error.message;
    }
    this.#at = 0;
    if (this.dialog.open) this.#show();
  }

  #href({ kind, name }) {
    return route([`${kind}s`, name]);
  }

  #pressed(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && this.#found.length) {
      event.preventDefault();
      this.#at = (this.#at + step + this.#found.length) % this.#found.length;
      this.#show();
    } else if (event.key === 'Enter') {
      event.preventDefault();
      const chosen = this.#found[this.#at];
      if (!chosen) return;
      this.close();
      location.hash = this.#href(chosen);
    } else if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    }
  }

  #show() {
    const id = i => `found-${i}`;
    render(this.dialog,
      h('input', {
        type: 'search', 'aria-label': 'Name of a topic or a group', placeholder: 'Topic or group, or a pattern: logs-*', autocomplete: 'off', spellcheck: 'false',
        role: 'combobox', 'aria-expanded': String(this.#found.length > 0), 'aria-controls': 'found', 'aria-autocomplete': 'list',
        'aria-activedescendant': this.#found.length ? id(this.#at) : null,
        value: this.#text, oninput: event => this.#typed(event.target.value), onkeydown: event => this.#pressed(event),
      }),
      h('div', { id: 'found', class: 'found', role: 'listbox', 'aria-label': 'Found' },
        this.#found.map((one, i) => h('a', {
          key: `${one.kind} ${one.name}`, id: id(i), role: 'option', tabindex: '-1', 'aria-selected': String(i === this.#at), href: this.#href(one), onclick: () => this.close(),
        }, h('span', { class: 'found-kind' }, one.kind), one.name))),
      h('p', { class: 'quiet-text', role: 'status' }, this.#note || 'Enter opens, arrows choose, Escape closes.'));
  }
}
