// SPDX-License-Identifier: Apache-2.0
// JSON as text: taken apart to be coloured and indented, never converted, so that every digit, every key and
// every escape stays as it was sent. Pure.

const patterns = {
  space: /[ \t\r\n]+/y,
  string: /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y,
  number: /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y,
  word: /true|false|null/y,
};

function taken(kind, text, at) {
  patterns[kind].lastIndex = at;
  return patterns[kind].exec(text)?.[0] ?? null;
}

// [{kind, text}]: open, close, comma, colon, key, string, number, word; without blanks. Null: it is no JSON.
export function tokens(text) {
  const all = [], open = [];
  let at = 0, wants = 'value', may_close = false;
  const add = (kind, piece) => { all.push({ kind, text: piece }); at += piece.length; };
  const after_value = () => { wants = open.length ? 'comma' : 'end'; };
  for (;;) {
    at += taken('space', text, at)?.length ?? 0;
    if (at === text.length) return wants === 'end' ? all : null;
    const c = text[at];
    if (wants === 'end') return null;
    if ((c === '}' || c === ']') && (wants === 'comma' || may_close)) {
      if (open.pop() !== c) return null;
      add('close', c);
      may_close = false;
      after_value();
      continue;
    }
    may_close = false;
    if (wants === 'comma') {
      if (c !== ',') return null;
      add('comma', c);
      wants = open.at(-1) === '}' ? 'key' : 'value';
    } else if (wants === 'colon') {
      if (c !== ':') return null;
      add('colon', c);
      wants = 'value';
    } else if (wants === 'key') {
      const key = taken('string', text, at);
      if (!key) return null;
      add('key', key);
      wants = 'colon';
    } else if (c === '{' || c === '[') {
      open.push(c === '{' ? '}' : ']');
      add('open', c);
      wants = c === '{' ? 'key' : 'value';
      may_close = true;
    } else {
      const kind = c === '"' ? 'string' : /[-0-9]/.test(c) ? 'number' : 'word';
      const piece = taken(kind, text, at);
      if (!piece) return null;
      add(kind, piece);
      after_value();
    }
  }
}

// The same tokens with line breaks and indentation between them: {kind: 'space'}.
export function indented(all) {
  const out = [];
  let depth = 0;
  const line = () => out.push({ kind: 'space', text: '\n' + '  '.repeat(Math.min(depth, 50)) });
  all.forEach((token, i) => {
    const is_empty = token.kind === 'close' && all[i - 1].kind === 'open';
    if (token.kind === 'close') {
      depth--;
      if (!is_empty) line();
    }
    out.push(token);
    if (token.kind === 'open') {
      depth++;
      if (all[i + 1].kind !== 'close') line();
    } else if (token.kind === 'comma') {
      line();
    } else if (token.kind === 'colon') {
      out.push({ kind: 'space', text: ' ' });
    }
  });
  return out;
}
