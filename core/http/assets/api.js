// SPDX-License-Identifier: Apache-2.0
// Asks the broker: short requests, one answer each. What goes wrong is a Trouble, in a sentence.

const patience_ms = 15_000;

export class Trouble extends Error {
  constructor(problem) {
    super(problem.detail || problem.title || 'the request failed');
    this.status = problem.status ?? 0;  // 0: nobody answered
    this.hint = problem.hint ?? '';
    this.kafka = problem.kafka ?? '';
  }
}

// `path`: as url.api makes it. Answers JSON. `signal` gives it up: that throws an AbortError.
export async function ask(path, { method = 'GET', body = null, type = 'application/json', signal = null } = {}) {
  const too_long = new AbortController();
  const timer = setTimeout(() => too_long.abort(), patience_ms);
  const give_up = () => too_long.abort();
  signal?.addEventListener('abort', give_up);
  try {
    const answer = await fetch(path, {
      method, body, cache: 'no-store', signal: too_long.signal,
      headers: { Accept: 'application/json', ...(body === null ? {} : { 'Content-Type': type }) },
    });
    return await told(answer);
  } catch (error) {
    if (signal?.aborted) throw new DOMException('given up', 'AbortError');
    if (error instanceof Trouble) throw error;
    throw new Trouble({
      detail: too_long.signal.aborted ? `no answer for ${patience_ms / 1000} s` : 'the broker does not answer',
      hint: 'is it running, and is it reached from here?',
    });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', give_up);
  }
}

async function told(answer) {
  const text = await answer.text();
  let value = null;
  try {
    value = text === '' ? null : JSON.parse(text);
  } catch {
    if (answer.ok) throw new Trouble({ status: answer.status, detail: 'the answer is no JSON', hint: 'does a proxy answer in the broker’s place?' });
  }
  if (!answer.ok) throw new Trouble({ detail: `answered ${answer.status}`, ...value, status: answer.status });
  return value;
}

// Each of them, or the trouble it had: one that fails leaves the others.
export async function ask_all(asked) {
  const names = Object.keys(asked);
  const results = await Promise.allSettled(names.map(name => asked[name]));
  const answers = {}, troubles = {};
  names.forEach((name, i) => {
    if (results[i].status === 'fulfilled') answers[name] = results[i].value;
    else if (results[i].reason.name === 'AbortError') throw results[i].reason;
    else troubles[name] = results[i].reason;
  });
  if (names.length && Object.keys(troubles).length === names.length) throw troubles[names[0]];
  return { answers, troubles };
}
