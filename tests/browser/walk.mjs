// SPDX-License-Identifier: Apache-2.0
// A walk through the page, in a real browser, beside a broker that has something to do: walk.mjs MQ PLACE [PART OF A NAME]
// PLACE: where packages are installed, and pictures of what failed are put.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Broker } from './broker.mjs';
import { start_proxy } from './proxy.mjs';

const [mq, place, part = ''] = process.argv.slice(2);
const packages = createRequire(join(place, 'package.json'));
const { chromium } = packages('playwright-core');
const axe = readFileSync(packages.resolve('axe-core/axe.min.js'), 'utf8');

const exact = '{"id":9223372036854775807,"x":1.0,"y":1e400,"a":1,"a":2}';
const hostile = '<img src=x onerror=alert(1)>';
const many = 120;

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: process.getuid() === 0 ? ['--no-sandbox'] : [] });
const broker = await Broker.start(mq);

// ---- what there is to see

for (let i = 0; i < many; i++) await broker.rest('POST', 'topics', JSON.stringify({ topic: `many-${i}`, partitions: 1 }));
await broker.rest('POST', 'topics', JSON.stringify({ topic: 'orders', partitions: 3, config: { 'retention.ms': '7d' } }));
await broker.rest('POST', 'topics', JSON.stringify({ topic: 'busy', partitions: 4 }));
await broker.rest('POST', 'topics', JSON.stringify({ topic: 'test' }));  // of which help speaks
const lines = Array.from({ length: 300 }, (_, i) => JSON.stringify({ key: `key-${i}`, value: `{"n":${i}}`, headers: [{ key: 'trace', value: `t-${i}` }] })).join('\n');
await broker.rest('POST', 'topics/orders/records', lines, 'application/x-ndjson');
await broker.rest('POST', 'topics/orders/records?partition=0', JSON.stringify({ key: hostile, value: exact }));
await broker.rest('POST', 'topics/orders/records?partition=0', JSON.stringify({ key_b64: 'AAH/', value_b64: '//4A' }));
await broker.rest('POST', 'topics/orders/records?partition=0', JSON.stringify({ key: 'gone', value: null }));
await broker.run('consume', 'orders', '--group', 'shipping', '-n', '100').ended;
await broker.run('consume', 'orders', '--group', hostile, '-n', '10').ended;
const member = broker.run('consume', 'busy', '--group', 'billing'), load = broker.run('produce', 'busy', '-q');
const loading = setInterval(() => load.process.stdin.write('one of many\n'), 20);

const pages = {
  'the overview': '#/',
  'the list of topics': '#/topics',
  'the list of topics, filtered and sorted': '#/topics?filter=many&sort=-topic',
  'a topic': '#/topics/orders',
  'its messages': '#/topics/orders/messages',
  'one record': '#/topics/orders/messages/0/0',
  'its settings': '#/topics/orders/settings',
  'its groups': '#/topics/orders/groups',
  'producing': '#/topics/orders/produce',
  'creating a topic': '#/create-topic',
  'deleting a topic': '#/topics/orders/delete',
  'the list of groups': '#/groups',
  'a group with a member': '#/groups/billing',
  'a group behind': '#/groups/shipping',
  'deleting a group': '#/groups/shipping/delete',
  'the list of brokers': '#/brokers',
  'a broker': '#/brokers/1',
  'help': '#/help',
  'a topic that is not there': '#/topics/nothing',
  'an address that leads nowhere': '#/no/where',
};

// ---- a browser that notices

// `allows`: what a test provokes itself. Chromium notes every answer of 400 and more in its console.
async function open(url, { allows = /(?!)/, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage(), noticed = [];
  const origin = new URL(url).origin;
  page.on('console', message => { if (['error', 'warning'].includes(message.type())) noticed.push(`console: ${message.text()}`); });
  page.on('pageerror', error => noticed.push(`error: ${error.stack}`));
  page.on('request', request => { if (new URL(request.url()).origin !== origin && !request.url().startsWith('data:')) noticed.push(`foreign request: ${request.url()}`); });
  page.on('dialog', dialog => { noticed.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  await page.goto(url);
  page.setDefaultTimeout(15_000);
  return { page, context, noticed: () => noticed.filter(text => !allows.test(text)), close: () => context.close() };
}

async function go(page, hash) {
  await page.evaluate(to => { location.hash = to; }, hash);
  await settled(page);
}

// Its first answer is there, or what went wrong is said.
async function settled(page) {
  await page.locator('main h1').waitFor();
  await page.locator('.page, main .notice.critical').first().waitFor();
  await page.locator('header .badge.ok, header .badge.critical, header .badge.warning').first().waitFor();
}

const text_of = page => page.locator('body').innerText();

function expect_words(text, where) {
  for (const word of [/\bNaN\b/, /\bundefined\b/, /\[object /, /\bInfinity\b/]) assert.doesNotMatch(text, word, where);
}

async function expect_accessible(page, where) {
  if (!await page.evaluate(() => 'axe' in window)) await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] });
    return violations.filter(one => ['serious', 'critical'].includes(one.impact)).map(one => `${one.id}: ${one.help}: ${one.nodes.slice(0, 3).map(node => node.html).join(' ')}`);
  });
  assert.deepEqual(found, [], where);
}

// Is tried until it holds.
async function eventually(what, ms = 15_000) {
  const until = Date.now() + ms;
  for (;;) {
    try {
      return await what();
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise(resolve => setTimeout(resolve, 100));
    }
  }
}

// ---- the walk

const tests = [];
const test = (name, run) => { if (name.includes(part)) tests.push({ name, run }); };

test('every page says what it has to, in both themes and every width, and nothing is wrong with it', async () => {
  const walker = await open(broker.url, { allows: /status of 404/ }), { page } = walker;
  for (const [name, hash] of Object.entries(pages)) {
    await go(page, hash);
    const text = await text_of(page);
    expect_words(text, name);
    assert.match(text, /as of \d\d:\d\d:\d\d/, name);
    assert.ok(text.length > 100, `${name} is blank`);
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      await expect_accessible(page, `${name}, ${colorScheme}`);
    }
    for (const width of [390, 768, 1440]) {
      await page.setViewportSize({ width, height: 900 });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= width, `${name} is ${wide} wide where there are ${width}`);
    }
    await page.setViewportSize({ width: 1280, height: 900 });
  }
  assert.deepEqual(walker.noticed(), []);
  await walker.close();
});

test('every command that a page shows is understood', async () => {
  const walker = await open(broker.url, { allows: /status of 404/ }), { page } = walker;
  const lines = new Set();
  for (const hash of Object.values(pages)) {
    await go(page, hash);
    for (const line of await page.locator('.command code').allInnerTexts()) lines.add(line);
  }
  await walker.close();
  const tools = join(place, 'bin');
  mkdirSync(tools, { recursive: true });
  rmSync(join(tools, 'mq'), { force: true });
  symlinkSync(mq, join(tools, 'mq'));
  const has = tool => spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0;
  const only_looks = line => !/\b(produce|tail|create|delete|alter)\b|-X DELETE|--data-binary|nothing|^bootstrap|NAME|-P /.test(line);
  const asked = [...lines].filter(only_looks).filter(line => has(line.split(' ')[0]) || line.startsWith('mq '));
  assert.ok(asked.length > 30, asked.join('\n'));
  for (const line of asked) {
    const fails = line.startsWith('curl ') ? line.replace('curl ', 'curl -sS --fail ') : line;
    const { status, stderr } = spawnSync('bash', ['-c', fails], { encoding: 'utf8', timeout: 30_000, env: { ...process.env, PATH: `${tools}:${process.env.PATH}` } });
    assert.equal(status, 0, `${line}\n${stderr}`);
  }
});

test('the overview counts what there is', async () => {
  const walker = await open(broker.url), { page } = walker;
  await settled(page);
  const tile = name => page.locator('.tile', { has: page.locator('.tile-name', { hasText: new RegExp(`^${name}$`) }) }).locator('.tile-value').innerText();
  await eventually(async () => {
    assert.equal(await tile('Brokers'), '1 / 1');
    assert.equal(await tile('Topics'), String(many + 4));  // and test, and the committed offsets
    assert.equal(await tile('Groups'), '3');
    assert.match(await tile('Requests'), /^[\d,.]+\/s$/);
    assert.match(await tile('In'), /^[\d,.]+ (B|KiB|MiB)\/s$/);
    assert.match(await tile('Disk'), /%$/);
  });
  await eventually(async () => assert.match(await page.locator('tr', { hasText: 'busy' }).innerText(), /busy\s+[\d,]+\s+[\d,.]+\/s/));
  assert.match(await page.locator('tr', { hasText: 'shipping' }).innerText(), /203/);
  assert.deepEqual(walker.noticed(), []);
  await walker.close();
});

test('a list is sorted, filtered and paged by the broker, and the address says how', async () => {
  const walker = await open(`${broker.url}#/topics`), { page } = walker;
  await settled(page);
  const first = () => page.locator('tbody tr').first().locator('th').innerText();
  await page.getByText('100 of 124').waitFor();
  await page.getByRole('link', { name: 'Next' }).click();
  await page.getByText('24 of 124').waitFor();
  await page.goBack();
  await page.getByText('100 of 124').waitFor();
  await page.getByRole('columnheader', { name: 'Records', exact: true }).getByRole('link').click();
  await eventually(async () => assert.match(await first(), /busy|orders|__consumer_offsets/));
  assert.match(page.url(), /sort=-records/);
  assert.equal(await page.getByRole('columnheader', { name: 'Records', exact: true }).getAttribute('aria-sort'), 'descending');
  await page.getByRole('searchbox', { name: 'Filter topics' }).fill('any-11');
  await eventually(async () => assert.equal(await page.locator('tbody tr').count(), 11));
  assert.match(page.url(), /filter=any-11/);
  await page.getByRole('searchbox', { name: 'Filter topics' }).fill('[');
  await page.getByRole('searchbox', { name: 'Filter topics' }).fill('zzz');
  await page.getByText('None has such a name.').waitFor();
  assert.deepEqual(walker.noticed(), []);
  await walker.close();
});

test('a topic is created, written to, read, changed and deleted', async () => {
  const walker = await open(`${broker.url}#/topics`, { allows: /status of 4\d\d/ }), { page } = walker;
  await page.getByRole('link', { name: 'Create topic' }).click();
  await page.getByLabel('Name', { exact: true }).fill('walked');
  await page.getByLabel('Partitions', { exact: true }).fill('2');
  await page.getByRole('textbox', { name: /^Settings/ }).fill('retention.ms=nonsense');
  await page.getByRole('button', { name: 'Try it first' }).click();
  await page.getByRole('alert').getByText('retention.ms').waitFor();
  await page.getByRole('textbox', { name: /^Settings/ }).fill('retention.ms=2d');
  await page.getByRole('button', { name: 'Try it first' }).click();
  await page.getByText('It would be created').waitFor();
  assert.match(await text_of(page), /mq topic create walked -p 2 -c retention.ms=2d/);
  await page.getByRole('button', { name: 'Create topic' }).click();
  await page.getByText('Created walked.').waitFor();
  assert.match(page.url(), /#\/topics\/walked$/);

  await page.getByRole('link', { name: 'Produce' }).click();
  await page.getByRole('textbox', { name: 'Key', exact: true }).fill('customer-7');
  await page.getByRole('textbox', { name: /^Value/ }).fill(exact);
  await page.getByText('56 B, JSON').waitFor();
  await page.getByLabel('Headers', { exact: true }).fill('source: walk');
  await page.getByRole('combobox', { name: /^Partition/ }).selectOption('1');
  await page.getByRole('button', { name: 'Write the record' }).click();
  await page.getByRole('link', { name: 'partition 1, offset 0' }).click();
  await page.getByText('customer-7').first().waitFor();
  const shown = (await page.locator('pre.value').first().innerText()).replace(/\s/g, '');
  assert.equal(shown, exact);
  assert.equal(await broker.rest('GET', 'topics/walked/records/1/0/value'), exact);
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download value' }).click()]);
  assert.equal(readFileSync(await download.path(), 'utf8'), exact);
  await page.getByRole('link', { name: 'Produce again…' }).click();
  assert.equal(await page.getByRole('textbox', { name: /^Value/ }).inputValue(), exact);
  assert.equal(await page.getByLabel('Headers', { exact: true }).inputValue(), 'source: walk');
  await page.goBack();
  await page.getByText('customer-7').first().waitFor();

  await go(page, '#/topics/walked/messages?from=start');
  await page.getByRole('button', { name: 'Record 1:0' }).click();
  await page.locator('.record').getByText('walk', { exact: true }).waitFor();
  const copied = page.url(), other = await open(copied);
  await other.page.getByRole('button', { name: 'Record 1:0' }).waitFor();
  await other.close();

  await go(page, '#/topics/walked/settings');
  await page.getByRole('button', { name: 'Edit max.message.bytes' }).click();
  await page.getByLabel('New value of max.message.bytes').fill('2M');
  await page.getByRole('button', { name: 'Reset retention.ms to its default' }).click();
  await page.getByRole('button', { name: 'Try it first' }).click();
  await page.getByText('The broker would change').waitFor();
  assert.match(await text_of(page), /mq topic alter walked .*--unset retention.ms/);
  await page.getByRole('button', { name: 'Change 2 settings' }).click();
  await page.getByText('Changed 2 settings of walked.').waitFor();
  const config = JSON.parse(await broker.rest('GET', 'topics/walked/config'));
  assert.equal(config.find(row => row.key === 'max.message.bytes').value, '2097152');
  assert.equal(config.find(row => row.key === 'retention.ms').override, false);

  await page.getByRole('link', { name: 'Delete…' }).click();
  await page.getByText('The topic, its 2 partitions and 1 record would be deleted.').waitFor();
  assert.match(await text_of(page), /mq topic delete walked/);
  assert.match(await text_of(page), /curl -X DELETE /);
  const remove = page.getByRole('button', { name: 'Delete the topic' });
  assert.ok(await remove.isDisabled());
  await page.getByLabel('Type the name of the topic').fill('walke');
  assert.ok(await remove.isDisabled());
  await page.getByLabel('Type the name of the topic').fill('walked');
  await remove.click();
  await page.getByText('Deleted the topic walked.').waitFor();
  assert.match(page.url(), /#\/topics$/);
  await go(page, '#/topics/walked');
  await page.getByRole('alert').getByText('topic "walked" does not exist').waitFor();
  assert.deepEqual(walker.noticed(), []);
  await walker.close();
});

test('what is in records and names is text, digit for digit, whatever it looks like', async () => {
  const walker = await open(`${broker.url}#/topics/orders/messages?partition=0&from=-5`), { page } = walker;
  await page.getByText(hostile).first().waitFor();
  const values = await page.locator('.value-line').allInnerTexts();
  assert.ok(values.includes(exact), values.join('\n'));
  assert.ok(values.includes('ff fe 00'));
  for (const opener of await page.locator('.opener').all()) await opener.click();
  assert.match(await text_of(page), /A tombstone/);
  await page.getByText('ff fe 00').first().waitFor();
  await go(page, '#/groups');
  await page.getByRole('link', { name: hostile }).click();
  await page.getByRole('heading', { level: 1, name: hostile }).waitFor();
  await eventually(async () => assert.match(await text_of(page), /orders \[\d\]/));
  assert.equal(await page.locator('main img').count(), 0);
  assert.deepEqual(walker.noticed(), []);
  await walker.close();
});

test('the broker finds a record among many, and says how many it looked at', async () => {
  const walker = await open(`${broker.url}#/topics/orders/messages`, { allows: /status of 400/ }), { page } = walker;
  await page.getByLabel('Position', { exact: false }).selectOption('start');
  await page.getByLabel('Value contains').fill('"n":2[0-9]7}');
  await page.getByRole('button', { name: 'Read' }).click();
  await page.getByText('10 records, 303 records scanned · complete').waitFor();
  await page.getByRole('textbox', { name: 'Key', exact: true }).fill('*-207');
  await page.getByRole('button', { name: 'Read' }).click();
  await page.getByText('1 record, 303 records scanned · complete').waitFor();
  assert.match(page.url(), /grep=.*key=/);
  assert.match(await text_of(page), /mq consume orders --from start --grep/);
  await page.getByLabel('Value contains').fill('(');
  await page.getByRole('button', { name: 'Read' }).click();
  await page.getByRole('alert').waitFor();
  assert.deepEqual(walker.noticed(), []);
  await walker.close();
});

test('a burst is shown or counted, record for record, while it is watched live', async () => {
  await broker.rest('POST', 'topics', JSON.stringify({ topic: 'burst', partitions: 3 }));
  const walker = await open(`${broker.url}#/topics/burst/messages`), { page } = walker;
  await page.getByRole('button', { name: 'Live' }).click();
  await page.getByText('live, as of').waitFor();
  const records = Array.from({ length: 10_000 }, (_, i) => `{"key":"k${i}","value":"v${i}"}`).join('\n');
  await broker.rest('POST', 'topics/burst/records', records, 'application/x-ndjson');
  const sum = async () => {
    const text = (await page.locator('.read-state').innerText()).replaceAll(',', '');
    return Number(/^(\d+) record/.exec(text)[1]) + Number(/(\d+) not shown/.exec(text)?.[1] ?? 0);
  };
  await eventually(async () => assert.equal(await sum(), 10_000));
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByRole('button', { name: 'Live' }).waitFor();
  await broker.rest('POST', 'topics/burst/records', 'while it stood', 'text/plain');
  await page.getByRole('button', { name: 'Live' }).click();
  await page.getByText('while it stood').waitFor();
  assert.equal(await sum(), 10_001);
  assert.deepEqual(walker.noticed(), []);
  await walker.close();
});

test('everything can be done with keys', async () => {
  const walker = await open(broker.url), { page } = walker;
  await settled(page);
  const heading = name => page.getByRole('heading', { level: 1, name }).waitFor();
  for (const [keys, name] of [['gt', 'Topics'], ['gg', 'Groups'], ['gb', 'Brokers'], ['gh', 'Help'], ['go', 'Overview']]) {
    await page.keyboard.type(keys);
    await heading(name);
  }
  await page.keyboard.press('?');
  await page.getByRole('dialog').getByText('search topics and groups').waitFor();
  await expect_accessible(page, 'keys');
  await page.keyboard.press('Escape');
  await page.keyboard.press('/');
  await page.keyboard.type('rder');
  await page.getByRole('option', { name: 'orders' }).waitFor();
  await expect_accessible(page, 'search');
  await page.keyboard.press('Enter');
  await heading('orders');
  await page.keyboard.type('gt');
  await heading('Topics');
  await page.locator('tbody tr').nth(2).waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  const chosen = await page.evaluate(() => document.activeElement.textContent);
  assert.equal(chosen, await page.locator('tbody tr').nth(1).locator('a').innerText());
  await page.waitForResponse(/api\/v1\/topics/);
  assert.equal(await page.evaluate(() => document.activeElement.textContent), chosen, 'an answer took the focus away');
  await page.keyboard.press('Enter');
  await heading(chosen);
  assert.deepEqual(walker.noticed(), []);
  await walker.close();
});

test('theme, time zone and columns are remembered', async () => {
  const walker = await open(`${broker.url}#/topics`), { page } = walker;
  await settled(page);
  await page.getByLabel('Theme').selectOption('dark');
  await page.getByLabel('Time zone').selectOption('utc');
  await page.getByText('Columns', { exact: true }).click();
  await page.getByLabel('Size', { exact: true }).uncheck();
  await page.getByLabel('Bytes/s', { exact: true }).check();
  await page.reload();
  await settled(page);
  assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme), 'dark');
  assert.match(await text_of(page), /as of \d\d:\d\d:\d\dZ/);
  assert.equal(await page.getByRole('columnheader', { name: 'Size' }).count(), 0);
  assert.equal(await page.getByRole('columnheader', { name: 'Bytes/s' }).count(), 1);
  assert.deepEqual(walker.noticed(), []);
  await walker.close();
});

test('who does not answer is seen to be silent, and what is shown stays', async () => {
  const walker = await open(`${broker.url}#/topics`), { page } = walker;
  await settled(page);
  assert.equal(await page.locator('.as-of.late').count(), 0);
  broker.process.kill('SIGSTOP');
  try {
    const stopped = Date.now();
    await page.locator('.as-of.late').waitFor();
    assert.ok(Date.now() - stopped < 9000, 'late');
    await page.getByRole('link', { name: 'busy' }).waitFor();
  } finally {
    broker.process.kill('SIGCONT');
  }
  await page.locator('.as-of:not(.late)').waitFor();
  assert.deepEqual(walker.noticed(), []);
  await walker.close();
});

test('a request that fails is said, not blank', async () => {
  const walker = await open(`${broker.url}#/groups`, { allows: /ERR_FAILED|status of 5/ }), { page } = walker;
  await settled(page);
  await page.route(/api\/v1\/groups/, route => route.fulfill({ status: 503, contentType: 'application/problem+json', body: '{"detail":"the coordinator is away","hint":"wait","kafka":"COORDINATOR_NOT_AVAILABLE"}' }));
  await page.getByRole('alert').getByText('the coordinator is away').waitFor();
  assert.match(await text_of(page), /Not up to date/);
  assert.match(await text_of(page), /shipping/);
  await page.unroute(/api\/v1\/groups/);
  await page.getByRole('alert').waitFor({ state: 'detached' });
  await page.route(/api\/v1\//, route => route.abort());
  await page.getByRole('alert').first().getByText('the broker does not answer').waitFor();
  await page.getByText('no answer', { exact: true }).waitFor();
  await page.unroute(/api\/v1\//);
  await page.getByText('healthy').waitFor();
  assert.deepEqual(walker.noticed(), []);
  await walker.close();
});

test('behind a proxy that takes a prefix off it works without a setting', async () => {
  const proxy = await start_proxy('/some/mq/', Number(broker.http.split(':').at(-1)));
  const walker = await open(proxy.url), { page } = walker;
  await settled(page);
  await page.getByRole('link', { name: 'orders' }).click();
  await page.getByRole('heading', { level: 1, name: 'orders' }).waitFor();
  assert.ok(page.url().startsWith(proxy.url));
  assert.match(await text_of(page), /curl http:\/\/127\.0\.0\.1:\d+\/some\/mq\/api\/v1\/topics\/orders/);
  assert.deepEqual(walker.noticed(), []);
  await walker.close();
  proxy.stop();
});

test('ten tabs are open at once, and none of them waits', async () => {
  const context = await browser.newContext();
  const tabs = await Promise.all(Array.from({ length: 10 }, () => context.newPage()));
  for (const tab of tabs) {
    await tab.goto(`${broker.url}#/topics/busy/messages`);
    await tab.getByRole('button', { name: 'Live' }).click();
    await tab.getByText('live, as of').waitFor({ timeout: 5000 });
  }
  await context.close();
});

test('where nothing may be changed every page says so and offers nothing', async () => {
  const reader = await Broker.start(mq, ['-c', 'http.read_only=true']);
  await reader.run('topic', 'create', 'orders').ended;
  const walker = await open(reader.url, { allows: /status of 404/ }), { page } = walker;
  for (const hash of ['#/', '#/topics', '#/topics/orders', '#/topics/orders/messages', '#/topics/orders/settings', '#/topics/orders/produce', '#/create-topic', '#/groups', '#/brokers', '#/help']) {
    await go(page, hash);
    await page.getByText('Read-only: nothing can be changed here').waitFor();
    for (const name of ['Produce', 'Delete…', 'Create topic']) assert.equal(await page.getByRole('link', { name, exact: true }).count(), 0, `${hash}: ${name}`);
    for (const name of ['Edit', 'Write the record', 'Delete the topic', 'Create topic']) assert.equal(await page.getByRole('button', { name }).count(), 0, `${hash}: ${name}`);
    expect_words(await text_of(page), hash);
  }
  assert.deepEqual(walker.noticed(), []);
  await walker.close();
  await reader.stop();
});

test('a broker without anything shows zeros and what to try', async () => {
  const fresh = await Broker.start(mq);
  const walker = await open(fresh.url), { page } = walker;
  await settled(page);
  await page.getByText('There is no topic yet.').waitFor();
  await page.getByText('There is no consumer group yet.').waitFor();
  expect_words(await text_of(page), 'overview');
  await go(page, '#/help');
  assert.match(await text_of(page), new RegExp(`kcat -b ${fresh.kafka}`));
  assert.match(await text_of(page), new RegExp(`mq produce test --create -b ${fresh.kafka}`));
  assert.deepEqual(walker.noticed(), []);
  await walker.close();
  await fresh.stop();
});

let failed = 0;
for (const { name, run } of tests) {
  const began = Date.now();
  try {
    await run();
    console.log(`ok     ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failed++;
    console.log(`FAILED ${name}\n${error.stack}`);
    const last = browser.contexts().at(-1)?.pages().at(-1);
    await last?.screenshot({ path: join(place, `failed-${failed}.png`), fullPage: true }).catch(() => {});
  }
  for (const context of browser.contexts()) await context.close();
}
clearInterval(loading);
for (const { process: child } of [member, load]) child.kill('SIGTERM');
await Promise.all([member.ended, load.ended]);
await browser.close();
await broker.stop();
console.log(`${tests.length - failed} passed, ${failed} failed`);
process.exit(failed || !tests.length ? 1 : 0);
