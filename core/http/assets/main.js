// SPDX-License-Identifier: Apache-2.0
// The page: its head, the way to the right part of it, keys.
import { h, render } from './view.js';
import { ask } from './api.js';
import { api, parse_route, route } from './url.js';
import { apply, prefs } from './prefs.js';
import { listen } from './keys.js';
import { Rates } from './rates.js';
import { Visit } from './visit.js';
import { step_row } from './table.js';
import { at_clock, badge, button, link, notice, trouble_box, view_keys } from './ui.js';
import { duration } from './format.js';
import { Search } from './search.js';
import { overview } from './overview.js';
import { topics } from './topics.js';
import { topic } from './topic.js';
import { messages } from './messages.js';
import { one_record } from './one_record.js';
import { topic_settings } from './topic_settings.js';
import { topic_groups } from './topic_groups.js';
import { create_topic } from './create_topic.js';
import { delete_topic, delete_group } from './deletion.js';
import { produce } from './produce.js';
import { groups } from './groups.js';
import { group } from './group.js';
import { brokers } from './brokers.js';
import { broker } from './broker.js';
import { help } from './help.js';

const places = [
  ['Overview', [], 'g o'],
  ['Topics', ['topics'], 'g t'],
  ['Groups', ['groups'], 'g g'],
  ['Brokers', ['brokers'], 'g b'],
  ['Help', ['help'], 'g h'],
];

// What stands behind the # → a page; it is made anew when `name` or the parts change.
function page_of(parts) {
  const [noun, , what] = parts;
  if (parts.length === 0) return overview;
  if (noun === 'create-topic' && parts.length === 1) return create_topic;
  if (noun === 'help' && parts.length === 1) return help;
  if (noun === 'topics') {
    if (parts.length === 1) return topics;
    if (parts.length === 2) return topic;
    if (parts.length === 3) return { messages, settings: topic_settings, groups: topic_groups, produce, delete: delete_topic }[what] ?? nowhere;
    if (parts.length === 5 && what === 'messages') return one_record;
  }
  if (noun === 'groups') {
    if (parts.length === 1) return groups;
    if (parts.length === 2) return group;
    if (parts.length === 3 && what === 'delete') return delete_group;
  }
  if (noun === 'brokers') {
    if (parts.length === 1) return brokers;
    if (parts.length === 2) return broker;
  }
  return nowhere;
}

const nowhere = {
  start: () => ({ title: 'There is nothing here', every: 0, view: () => h('p', null, 'This address leads nowhere. ', link('#/', 'Overview')) }),
};

// ---- what pages share

const state = {
  paused: false,
  overview: null,
  version: null,       // of the broker, when this page was opened
  brokers: '',         // address of Kafka's protocol
  said: null,          // {kind, text, until}: what was just done
};

const context = {
  rates: new Rates(),
  parts: [],
  query: {},
  get read_only() { return state.version?.read_only !== false; },
  get overview() { return state.overview; },
  get version() { return state.version; },
  get at() { return { brokers: state.brokers, base: document.baseURI.replace(/[#?].*$/, '').replace(/[^/]*$/, '') }; },
  get known() { return status.answered > 0; },
  update: () => show(),
  reload: () => visit.now(),
  here(patch) { return route(context.parts, { ...context.query, ...patch }); },
  go(hash, { replace = false } = {}) {
    if (replace) location.replace(hash);
    else location.hash = hash;
  },
  idle_ms: () => Date.now() - touched,
  say(kind, ...text) { state.said = { kind, text, seen: 0 }; },
};

let touched = Date.now();  // key or pointer
for (const name of ['keydown', 'pointerdown', 'wheel']) document.addEventListener(name, () => { touched = Date.now(); }, { passive: true });

// ---- the broker, whatever page is open

const status = new Visit({
  every: 2000,
  asked_brokers: 0,
  async load(signal) {
    const now = Date.now();
    if (!state.version || now - this.asked_brokers > 30_000) {
      const [version, brokers] = await Promise.all([ask(api(['version']), { signal }), ask(api(['brokers'], { limit: 1000 }), { signal })]);
      if (state.version && version.version !== state.version.version) state.is_old = true;
      state.version = { ...version, version: state.version?.version ?? version.version };
      const own = brokers.items.find(one => one.broker === version.broker) ?? brokers.items[0];
      state.brokers = address_of(own?.address);
      this.asked_brokers = now;
    }
    state.overview = await ask(api(['overview']), { signal });
    const own = state.overview.this_broker, at = Date.parse(state.overview.as_of);  // an answer is shared for a second
    for (const name of ['requests', 'bytes_in', 'bytes_out', 'batches', 'batch_bytes', 'syncs'])
      context.rates.of(`broker ${name}`, own[name], at);
  },
}, () => show(), () => state.paused);

// A broker that listens everywhere names itself by an address of its own machine, which is another one from here.
function address_of(address) {
  const [, host, port] = /^(.*):(\d+)$/.exec(address ?? '') ?? [];
  if (!port || port === '0') return '';
  const is_loopback = name => /^(localhost|127\.|\[?::1)/.test(name);
  return is_loopback(host) && !is_loopback(location.hostname) ? `${location.hostname}:${port}` : address;
}

// ---- the page that is open

let visit = null, open = { page: null, of: '' };

function follow() {
  const { parts, query } = parse_route(location.hash);
  const page = page_of(parts), of = parts.join('\n');
  context.parts = parts, context.query = query;
  search.close();
  if (open.page === page && open.of === of) {
    visit.page.followed?.();
    visit.now();
    show();
    return;
  }
  const is_first = !visit;
  visit?.page.left?.();
  visit?.end();
  open = { page, of };
  if (state.said && state.said.seen++ > 0) state.said = null;
  visit = new Visit(page.start(context), () => show(), () => state.paused);
  show();
  if (is_first) return;
  window.scrollTo(0, 0);
  main.querySelector('h1')?.focus({ preventScroll: true });
}

// ---- showing

const app = document.getElementById('app');
const header = document.createElement('header'), main = document.createElement('main');
main.id = 'main';
const keys_dialog = document.createElement('dialog');
const search = new Search(document.createElement('dialog'));
{
  const skip = document.createElement('a');
  skip.className = 'skip', skip.href = '#main', skip.textContent = 'Skip to the content';
  skip.onclick = event => { event.preventDefault(); main.querySelector('h1')?.focus(); };
  app.append(skip, header, main, keys_dialog, search.dialog);
}

const pill = inside => h('a', { class: 'pill', href: '#/' }, inside);

function health_pill() {
  if (status.trouble) return pill(badge('critical', 'no answer', status.trouble.message));
  const health = state.overview?.health;
  if (!health) return badge('quiet', 'asking…');
  const own = state.overview.this_broker;
  const is_critical = health.critical > 0 || own.disk_failed || own.disk_full;
  const kind = is_critical ? 'critical' : health.warnings > 0 ? 'warning' : 'ok';
  return pill(badge(kind, { critical: 'critical', warning: 'warning', ok: 'healthy' }[kind], 'how the cluster is'));
}

function as_of() {
  const seen = visit?.page.every > 0 && visit.answered > 0 ? visit : status;
  const late = status.is_late() || visit?.is_late() || (seen.answered === 0 && seen.trouble);
  const text = seen.answered ? `as of ${at_clock(seen.answered)}` : 'as of –';
  const age = Date.now() - seen.answered;
  return h('span', { class: `as-of ${late ? 'late' : ''}`, title: late ? 'no answer since then' : 'when this was answered' },
    text, late && seen.answered > 0 && ` · ${duration(Math.floor(age / 1000) * 1000)} old`);
}

function show_header() {
  const at = context.parts[0] === 'create-topic' ? 'topics' : context.parts[0];
  render(header,
    h('div', { class: 'bar-top' },
      h('a', { class: 'brand', href: '#/', 'aria-label': 'mq, overview' }, h('span', { class: 'mark', 'aria-hidden': 'true' }), 'mq'),
      state.version && h('span', { class: 'cluster', title: `cluster ${state.version.cluster}, broker ${state.version.broker}, version ${state.version.version}` },
        `broker ${state.version.broker}`, h('span', { class: 'cluster-id' }, ` · ${state.version.cluster}`)),
      h('nav', { 'aria-label': 'Pages' },
        places.map(([name, parts, keyed]) => h('a', { key: name, href: route(parts), title: keyed, 'aria-current': at === parts[0] ? 'page' : null }, name))),
      h('button', { type: 'button', class: 'search-opener', onclick: () => search.open(), 'aria-label': 'Search topics and groups' }, 'Search ', h('kbd', null, '/')),
      h('span', { class: 'spacer' }),
      health_pill(), as_of(),
      button(state.paused ? 'Go on' : 'Pause', pause, { class: `small ${state.paused ? 'warning' : ''}`, 'aria-pressed': String(state.paused), title: 'p' }),
      h('label', null, h('span', { class: 'off-screen' }, 'Time zone'),
        h('select', { class: 'small', value: prefs.zone, onchange: event => { prefs.set('zone', event.target.value); show(); } },
          h('option', { value: 'local' }, 'Local time'), h('option', { value: 'utc' }, 'UTC'))),
      h('label', null, h('span', { class: 'off-screen' }, 'Theme'),
        h('select', { class: 'small', value: prefs.theme, onchange: event => { prefs.set('theme', event.target.value); show(); } },
          h('option', { value: 'system' }, 'System'), h('option', { value: 'light' }, 'Light'), h('option', { value: 'dark' }, 'Dark'))),
      button('?', show_keys, { class: 'small', 'aria-label': 'Keys' })),
    state.paused && h('div', { class: 'strip warning', key: 'paused', role: 'status' }, 'Paused: nothing is asked until you go on. ', button('Go on', pause, { class: 'small' })),
    context.known && context.read_only && h('div', { class: 'strip', key: 'read-only' }, 'Read-only: nothing can be changed here (http.read_only).'),
    state.is_old && h('div', { class: 'strip warning', key: 'old' }, 'The broker has another version now. ', button('Reload', () => location.reload(), { class: 'small' })),
    status.trouble && h('div', { class: 'strip critical', key: 'silent', role: 'alert' }, `${status.trouble.message}. `,
      status.answered ? `What is shown is as of ${at_clock(status.answered)}; it is tried again.` : 'It is tried again.'));
}

function show() {
  if (!visit) return;
  const { page } = visit;
  const title = page.title;
  document.title = `${title} – mq`;
  show_header();
  const is_there = visit.answered > 0 || !page.load;
  render(main,
    h('div', { class: 'page-head', key: `head ${open.of}` },
      page.trail && h('div', { class: 'trail' }, page.trail()),
      h('h1', { tabindex: '-1' }, title, page.badges?.()),
      is_there && page.actions && h('div', { class: 'actions' }, page.actions())),
    state.said && h('div', { key: 'said' }, notice(state.said.kind, ...state.said.text)),
    visit.trouble && h('div', { key: 'trouble' }, trouble_box(visit.trouble, is_there && visit.answered ? 'Not up to date' : '')),
    is_there
      ? h('div', { key: `page ${open.of}`, class: 'page' }, page.view())
      : !visit.trouble && h('p', { key: 'waiting', class: 'quiet-text' }, 'Asking the broker…'));
}

function pause() {
  state.paused = !state.paused;
  if (!state.paused) {
    status.now();
    visit.now();
  }
  show();
}

function show_keys() {
  render(keys_dialog,
    h('form', { method: 'dialog', onsubmit: event => { event.preventDefault(); keys_dialog.close(); } },
      h('h2', { id: 'keys-title' }, 'Keys'),
      view_keys(),
      h('button', { type: 'submit' }, 'Close')));
  keys_dialog.setAttribute('aria-labelledby', 'keys-title');
  if (!keys_dialog.open) keys_dialog.showModal();
}

listen({
  '/': () => search.open(),
  '?': show_keys,
  'g o': () => context.go('#/'),
  'g t': () => context.go('#/topics'),
  'g g': () => context.go('#/groups'),
  'g b': () => context.go('#/brokers'),
  'g h': () => context.go('#/help'),
  'j': () => step_row(1),
  'k': () => step_row(-1),
  'p': pause,
});

apply();
window.addEventListener('hashchange', follow);
follow();
setInterval(show_header, 1000);
