// SPDX-License-Identifier: Apache-2.0
// How fast counters grow, from what was seen before. Pure.

// Two values closer than this say nothing.
const apart_ms_min = 500;

export class Rates {
  #seen = new Map();  // name → {at, value, rate}

  // Per second; undefined: seen once only, or it fell (started again, or was trimmed).
  of(name, value, at) {
    if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
    const before = this.#seen.get(name);
    if (before && at - before.at < apart_ms_min) return before.rate;
    const rate = before && value >= before.value ? (value - before.value) * 1000 / (at - before.at) : undefined;
    this.#seen.set(name, { at, value, rate });
    return rate;
  }

  get(name) {
    return this.#seen.get(name)?.rate;
  }
}
