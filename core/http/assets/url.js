// SPDX-License-Identifier: Apache-2.0
// Addresses. What the page shows stands behind the #, so that whatever is in front of it, a proxy's prefix
// too, does not matter. Pure.

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

// "#/topics/a%2Fb/messages?from=-100" → {parts: ["topics", "a/b", "messages"], query: {from: "-100"}}
export function parse_route(hash) {
  const [path, query = ''] = hash.replace(/^#?\/?/, '').split(/\?(.*)/s, 2);
  return {
    parts: path.split('/').filter(part => part !== '').map(decoded),
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

// Of a query only what there is.
export function query_text(query) {
  const all = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null && value !== '' && value !== false);
  return all.length ? '?' + all.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&') : '';
}

export function route(parts, query) {
  return '#/' + parts.map(encodeURIComponent).join('/') + query_text(query);
}

// Relative to the page.
export function api(parts, query) {
  return 'api/v1/' + parts.map(encodeURIComponent).join('/') + query_text(query);
}

// What was typed is looked for anywhere in a name, unless it is a pattern itself.
export function filter_of(text) {
  const typed = text.trim();
  if (typed === '') return '';
  return /^\/.*\/$/.test(typed) || /[*?[\]]/.test(typed) ? typed : `*${typed}*`;
}
