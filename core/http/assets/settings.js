// SPDX-License-Identifier: Apache-2.0
// Settings, typed and compared. Pure.

// "key=value" lines → {config}, or {wrong}: the line that is none.
export function parse_settings(text) {
  const config = {};
  for (const line of text.split('\n').map(l => l.trim()).filter(l => l !== '')) {
    const equals = line.indexOf('=');
    if (equals < 1) return { wrong: line };
    config[line.slice(0, equals).trim()] = line.slice(equals + 1).trim();
  }
  return { config };
}

// Rows of the broker and what was typed (a text, or null: back to the default) → what would change.
export function changes_of(rows, typed) {
  return rows
    .filter(row => row.key in typed)
    .map(row => ({ key: row.key, before: row.value, after: typed[row.key], is_reset: typed[row.key] === null }))
    .filter((change, i, all) => change.is_reset
      ? rows.find(row => row.key === change.key).override
      : change.after !== change.before);
}

export function patch_of(changes) {
  return Object.fromEntries(changes.map(change => [change.key, change.after]));
}
