// SPDX-License-Identifier: Apache-2.0
// What this browser remembers: theme, time zone, columns. No account, nothing of the broker's.

const place = 'mq';

function stored() {
  try {
    return JSON.parse(localStorage.getItem(place) ?? '{}') ?? {};
  } catch {
    return {};
  }
}

const all = { theme: 'system', zone: 'local', columns: {}, ...stored() };

export const prefs = {
  get theme() { return all.theme; },
  get zone() { return all.zone; },
  // Of a table: {id: shown}; what is not named is as the table has it.
  columns(table) { return all.columns[table] ?? {}; },

  set(name, value) {
    all[name] = value;
    keep();
  },
  show(table, column, shown) {
    all.columns = { ...all.columns, [table]: { ...all.columns[table], [column]: shown } };
    keep();
  },
};

function keep() {
  try {
    localStorage.setItem(place, JSON.stringify(all));
  } catch {
    // A browser that keeps nothing shows everything all the same.
  }
  apply();
}

export function apply() {
  const root = document.documentElement;
  if (all.theme === 'system') root.removeAttribute('data-theme');
  else root.setAttribute('data-theme', all.theme);
}
