// SPDX-License-Identifier: Apache-2.0
// Keys without a modifier, one after the other: "g t", "/", "j". Pure, but for listen().

export const keys = [
  ['/', 'search topics and groups'],
  ['g o', 'overview'],
  ['g t', 'topics'],
  ['g g', 'groups'],
  ['g b', 'brokers'],
  ['g h', 'help for this address'],
  ['j', 'next row'],
  ['k', 'row before'],
  ['Enter', 'open the row'],
  ['p', 'pause, and go on'],
  ['?', 'these keys'],
  ['Escape', 'close, leave a field'],
];

const together_ms = 1500;

export class Keys {
  #before = '';
  #at = 0;

  // The name of what was pressed, or '' while it is not complete.
  press(key, now) {
    const first = now - this.#at < together_ms ? this.#before : '';
    this.#before = '', this.#at = now;
    if (first === 'g') return `g ${key}`;
    if (key === 'g') {
      this.#before = 'g';
      return '';
    }
    return key;
  }
}

function is_typed_into(element) {
  return element?.matches?.('input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]') ?? false;
}

// `acts`: name → function.
export function listen(acts) {
  const sequence = new Keys();
  document.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (is_typed_into(event.target)) {
      if (event.key === 'Escape') event.target.blur();
      return;
    }
    const act = acts[sequence.press(event.key, event.timeStamp)];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
