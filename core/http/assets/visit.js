// SPDX-License-Identifier: Apache-2.0
// One page while it is looked at: asks again and again, keeps what was answered and what went wrong.

export const stale_ms = 5000;
const hidden_every_ms = 30_000;

export class Visit {
  trouble = null;
  answered = 0;  // when; 0: not yet
  #giving_up = new AbortController();
  #timer = null;
  #asking = false;
  #again = false;
  #is_over = false;

  // `page`: {every (ms; 0: once), load(signal)}; `changed` is called when there is something to show.
  constructor(page, changed, is_paused = () => false) {
    this.page = page;
    this.changed = changed;
    this.is_paused = is_paused;
    this.woken = () => { if (!document.hidden && this.is_late()) this.now(); };
    document.addEventListener('visibilitychange', this.woken);
    this.now();
  }

  end() {
    this.#is_over = true;
    this.#giving_up.abort();
    clearTimeout(this.#timer);
    document.removeEventListener('visibilitychange', this.woken);
  }

  is_late() {
    return this.page.every > 0 && this.answered > 0 && Date.now() - this.answered > Math.max(stale_ms, this.page.every + 3000);
  }

  // Asks at once; what is under way is given up, for it was asked for something else.
  async now() {
    if (this.#is_over) return;
    clearTimeout(this.#timer);
    if (this.#asking) {
      this.#again = true;
      this.#giving_up.abort();
      return;
    }
    this.#asking = true;
    const began = Date.now();
    const signal = (this.#giving_up = new AbortController()).signal;
    try {
      await this.page.load?.(signal);
      if (signal.aborted) throw new DOMException('given up', 'AbortError');
      this.answered = Date.now();
      this.trouble = null;
    } catch (error) {
      if (error.name !== 'AbortError') this.trouble = error;
      if (error.name !== 'AbortError' && error.status === undefined) console.error(error);
    }
    this.#asking = false;
    if (this.#is_over) return;
    if (this.#again) {
      this.#again = false;
      return this.now();
    }
    this.changed();
    this.#plan(Date.now() - began);
  }

  #plan(took) {
    const every = this.trouble ? Math.max(this.page.every, 2000) : this.page.every;
    const is_final = this.trouble?.status >= 400 && this.trouble.status < 500;  // asking again changes nothing
    if (every <= 0 || (is_final && this.page.every <= 0)) return;
    const pause = Math.max(document.hidden ? hidden_every_ms : every, 5 * took);
    this.#timer = setTimeout(() => this.is_paused() ? this.#plan(0) : this.now(), pause);
  }
}
