// SPDX-License-Identifier: Apache-2.0
// A broker of its own for a test: a fresh directory, ports from the kernel, an orderly stop.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export class Broker {
  static async start(mq, flags = [], data = null) {
    const broker = new Broker();
    broker.mq = mq;
    broker.folder = data ?? mkdtempSync(join(tmpdir(), 'mq-browser-'));
    broker.log = [];
    // setpriv: should the test be killed, the kernel takes the broker along.
    broker.process = spawn('setpriv', ['--pdeathsig', 'KILL', mq, 'serve', '--data', join(broker.folder, 'data'), '--listen', '127.0.0.1:0',
      '--http', '127.0.0.1:0', '--log-format', 'json', ...flags], { stdio: ['ignore', 'ignore', 'pipe'] });
    broker.ended = new Promise(resolve => broker.process.on('exit', resolve));
    await new Promise((resolve, reject) => {
      createInterface({ input: broker.process.stderr }).on('line', line => {
        broker.log.push(line);
        const ready = /ready in .*kafka ([^ ,]+).*http ([^ ,]+)/.exec(line);
        if (!ready) return;
        [, broker.kafka, broker.http] = ready;
        resolve();
      });
      broker.ended.then(() => reject(new Error(`the broker did not start\n${broker.log.join('\n')}`)));
    });
    return broker;
  }

  get url() { return `http://${this.http}/`; }

  // A command beside it: {process, ended}.
  run(...words) {
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', this.mq, ...words, '-b', this.kafka], { stdio: ['pipe', 'ignore', 'inherit'] });
    return { process: child, ended: new Promise(resolve => child.on('exit', resolve)) };
  }

  async rest(method, path, body, type = 'application/json') {
    const answer = await fetch(`${this.url}api/v1/${path}`, { method, body, headers: body === undefined ? {} : { 'Content-Type': type } });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text;
  }

  async stop({ keeps = false } = {}) {
    this.process.kill('SIGTERM');
    const status = await this.ended;
    if (!keeps) rmSync(this.folder, { recursive: true, force: true });
    if (status !== 0) throw new Error(`the broker ended with ${status}\n${this.log.slice(-20).join('\n')}`);
  }
}
