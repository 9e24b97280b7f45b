// SPDX-License-Identifier: Apache-2.0
// kafkajs: producer, groups and admin. What was produced is read by kcat, for kafkajs consumes in groups only.
'use strict';
const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const { randomBytes } = require('node:crypto');
const { after, before, test } = require('node:test');
const { Kafka, logLevel, CompressionTypes, ConfigResourceTypes, Partitioners } = require('kafkajs');

const address = process.env.MQ_BROKERS;
const kafka = new Kafka({ brokers: address.split(','), logLevel: logLevel.NOTHING, retry: { retries: 2 } });
const admin = kafka.admin();
const limit = { timeout: 30000 };

before(() => admin.connect());
after(() => admin.disconnect());

async function create(topic, numPartitions = 1, configs = {}) {
  const configEntries = Object.entries(configs).map(([name, value]) => ({ name, value }));
  assert.equal(await admin.createTopics({ topics: [{ topic, numPartitions, configEntries }], waitForLeaders: true }), true);
  return topic;
}

async function send(topic, messages, { acks = -1, compression, ...options } = {}) {
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, ...options });
  await producer.connect();
  try {
    return await producer.send({ topic, messages, acks, compression });
  } finally {
    await producer.disconnect();
  }
}

// Everything in a topic, as kcat's JSON.
function read(topic, ...options) {
  const args = ['-b', address, '-C', '-q', '-e', '-J', '-t', topic, ...options];
  const lines = execFileSync('timeout', ['20', 'kcat', ...args], { maxBuffer: 64 << 20 }).toString();
  return lines.split('\n').filter(Boolean).map((line) => JSON.parse(line));
}

const numbers = (count) => Array.from({ length: count }, (_, i) => ({ value: `${i}` }));
const values = (records) => records.map((record) => record.payload);

// ---- producer ----

test('records come back in order with acks of one and of all', limit, async () => {
  for (const acks of [1, -1]) {
    const topic = await create(`js-acks${acks}`);
    const [told] = await send(topic, numbers(500), { acks });
    assert.equal(told.errorCode, 0);
    assert.equal(told.baseOffset, '0');
    assert.deepEqual(values(read(topic)), numbers(500).map((m) => m.value));
  }
});

test('acks of none are sent without waiting', limit, async () => {
  const topic = await create('js-acks0');
  await send(topic, numbers(100), { acks: 0 });
  await send(topic, [{ value: 'behind them' }]);
  assert.equal(values(read(topic, '-c', '101')).length, 101);
});

test('an idempotent producer writes once, in order, over many requests', limit, async () => {
  const topic = await create('js-idempotent');
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  for (let i = 0; i < 50; i++) await producer.send({ topic, messages: numbers(20) });
  await producer.disconnect();
  const records = read(topic);
  assert.deepEqual(records.map((r) => r.offset), Array.from({ length: 1000 }, (_, i) => i));
  assert.deepEqual(values(records), Array.from({ length: 1000 }, (_, i) => `${i % 20}`));
});

test('gzip batches come back', limit, async () => {
  const topic = await create('js-gzip');
  await send(topic, numbers(500), { compression: CompressionTypes.GZIP });
  assert.deepEqual(values(read(topic)), numbers(500).map((m) => m.value));
});

test('keys, headers and null values come back', limit, async () => {
  const topic = await create('js-nulls');
  await send(topic, [
    { key: 'k', value: 'v', headers: { one: '1', many: ['2', '3'], empty: '' } },
    { key: 'k', value: null },
    { key: null, value: '' },
  ]);
  const records = read(topic);
  assert.deepEqual(records[0].headers, ['one', '1', 'many', '2', 'many', '3', 'empty', '']);
  assert.deepEqual(records.map((r) => r.key), ['k', 'k', null]);
  assert.deepEqual(values(records), ['v', null, '']);
});

test('a record of 1 MiB passes when the topic allows it, and only then', limit, async () => {
  const value = randomBytes(786432).toString('base64');
  const large = await create('js-large', 1, { 'max.message.bytes': '2097152' });
  await send(large, [{ value }]);
  assert.equal(values(read(large))[0] === value, true);
  const small = await create('js-small', 1, { 'max.message.bytes': '1000' });
  await assert.rejects(send(small, [{ value }]), { type: 'MESSAGE_TOO_LARGE' });
});

test('records go to the partition that is asked for', limit, async () => {
  const topic = await create('js-partitions', 3);
  await send(topic, [0, 1, 2].map((partition) => ({ value: `to ${partition}`, partition })));
  for (const p of [0, 1, 2]) assert.deepEqual(values(read(topic, '-p', `${p}`)), [`to ${p}`]);
});

// ---- transactions ----

async function transactional(transactionalId) {
  const producer = kafka.producer({
    transactionalId, idempotent: true, maxInFlightRequests: 1, createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  return producer;
}
const committed = (topic) => values(read(topic, '-X', 'isolation.level=read_committed')).sort();

// Markers follow the answer to a commit.
async function eventually(topic, expected) {
  for (let i = 0; i < 50 && committed(topic).length !== expected.length; i++);
  assert.deepEqual(committed(topic), expected);
}

test('committed transactions are seen whole, aborted ones never', limit, async () => {
  const topic = await create('js-transactions', 2);
  const producer = await transactional('js');
  for (let i = 0; i < 10; i++) {
    const transaction = await producer.transaction();
    for (const partition of [0, 1]) await transaction.send({ topic, messages: [{ value: `${i}`, partition }] });
    if (i % 2) await transaction.commit();
    else await transaction.abort();
  }
  await producer.disconnect();
  await eventually(topic, ['1', '1', '3', '3', '5', '5', '7', '7', '9', '9'].sort());
});

test('the older of two producers with one id is fenced', limit, async () => {
  const topic = await create('js-fence');
  const old = await transactional('js-fence');
  const open = await old.transaction();
  await open.send({ topic, messages: [{ value: 'old' }] });
  const fresh = await transactional('js-fence');
  const transaction = await fresh.transaction();
  await transaction.send({ topic, messages: [{ value: 'fresh' }] });
  await assert.rejects(open.commit());
  await transaction.commit();
  await old.disconnect();
  await fresh.disconnect();
  await eventually(topic, ['fresh']);
});

// ---- groups ----

// A member of a group that notes what it reads; `work` is told of each rebalance.
async function member(groupId, topic, options = {}) {
  const consumer = kafka.consumer({ groupId, sessionTimeout: 6000, heartbeatInterval: 300, rebalanceTimeout: 10000,
                                    maxWaitTimeInMs: 50, ...options });
  const state = { seen: [], work: [], consumer };
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => { state.work = payload.memberAssignment[topic] || []; });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({ eachMessage: async ({ message }) => { state.seen.push(message.value.toString()); } });
  return state;
}

async function until(condition) {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}

test('members of a group share the partitions and go on where others were', limit, async () => {
  const topic = await create('js-group', 4);
  await send(topic, numbers(200));
  const one = await member('js-readers', topic);
  await until(() => one.seen.length >= 200);
  const two = await member('js-readers', topic);
  await until(() => one.work.length === 2 && two.work.length === 2);
  assert.deepEqual([...one.work, ...two.work].sort(), [0, 1, 2, 3]);
  await one.consumer.disconnect();
  await until(() => two.work.length === 4);
  await send(topic, [{ value: 'later' }]);
  await until(() => two.seen.includes('later'));
  await two.consumer.disconnect();
  assert.deepEqual([...one.seen, ...two.seen].sort(), [...numbers(200).map((m) => m.value), 'later'].sort());
});

test('a group is described, its offsets are set and deleted', limit, async () => {
  const topic = await create('js-group-admin', 2);
  await send(topic, numbers(10));
  const one = await member('js-admin', topic);
  await until(() => one.seen.length >= 10);
  const { groups: [described] } = await admin.describeGroups(['js-admin']);
  assert.equal(described.state, 'Stable');
  assert.equal(described.members.length, 1);
  await one.consumer.disconnect();
  await admin.setOffsets({ groupId: 'js-admin', topic, partitions: [{ partition: 0, offset: '3' }] });
  const [{ partitions }] = await admin.fetchOffsets({ groupId: 'js-admin', topics: [topic] });
  assert.equal(partitions.find((p) => p.partition === 0).offset, '3');
  const { groups } = await admin.listGroups();
  assert.ok(groups.some((group) => group.groupId === 'js-admin'));
  assert.equal((await admin.deleteGroups(['js-admin']))[0].errorCode, 0);
});

// ---- admin ----

test('topics are created, listed, described and deleted', limit, async () => {
  const topic = await create('js-topics', 4);
  assert.equal(await admin.createTopics({ topics: [{ topic }] }), false, 'not twice');
  assert.ok((await admin.listTopics()).includes(topic));
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  assert.deepEqual(topics[0].partitions.map((p) => p.partitionId).sort(), [0, 1, 2, 3]);
  assert.ok(topics[0].partitions.every((p) => p.partitionErrorCode === 0 && p.isr.length === Math.min(address.split(',').length, 3)));
  await admin.deleteTopics({ topics: [topic] });
  assert.ok(!(await admin.listTopics()).includes(topic));
  await assert.rejects(admin.deleteTopics({ topics: [topic] }), /does not host this topic-partition/);
});

test('the cluster is described', limit, async () => {
  const cluster = await admin.describeCluster();
  assert.deepEqual(cluster.brokers.map((b) => `${b.host}:${b.port}`).sort(), address.split(',').sort());
  assert.equal(cluster.controller, cluster.brokers[0].nodeId);
  assert.ok(cluster.clusterId);
});

test('configs are described and altered', limit, async () => {
  const name = await create('js-configs', 1, { 'retention.ms': '12345' });
  const type = ConfigResourceTypes.TOPIC;
  const described = async () => {
    const { resources } = await admin.describeConfigs({ resources: [{ type, name }] });
    return Object.fromEntries(resources[0].configEntries.map((e) => [e.configName, e.configValue]));
  };
  assert.equal((await described())['retention.ms'], '12345');
  await admin.alterConfigs({ resources: [{ type, name, configEntries: [{ name: 'max.message.bytes', value: '54321' }] }] });
  assert.equal((await described())['max.message.bytes'], '54321');
  assert.equal((await described())['retention.ms'], '604800000', 'what was not named is at its default again');
  const bad = { type, name, configEntries: [{ name: 'no.such.config', value: '1' }] };
  await assert.rejects(admin.alterConfigs({ resources: [bad] }), { type: 'INVALID_CONFIG' });
});

test('offsets are fetched, also by time', limit, async () => {
  const topic = await create('js-offsets', 2);
  const messages = Array.from({ length: 100 }, (_, i) => ({ value: `${i}`, partition: 0, timestamp: `${1000 + 10 * i}` }));
  await send(topic, messages);
  const offsets = (await admin.fetchTopicOffsets(topic)).sort((a, b) => a.partition - b.partition);
  assert.deepEqual(offsets.map(({ low, high }) => [low, high]), [['0', '100'], ['0', '0']]);
  for (const [time, offset] of [[1, '0'], [1001, '1'], [1500, '50'], [1990, '99'], [1991, '100']]) {
    const at = await admin.fetchTopicOffsetsByTimestamp(topic, time);
    assert.equal(at.find((p) => p.partition === 0).offset, offset, `at ${time}`);
  }
});

test('partitions are added', limit, async () => {
  const topic = await create('js-grow');
  assert.notEqual(await admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] }), false);
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  assert.equal(topics[0].partitions.length, 3);
  await assert.rejects(admin.createPartitions({ topicPartitions: [{ topic, count: 2 }] }), { type: 'INVALID_PARTITIONS' });
});

test('records are deleted up to an offset', limit, async () => {
  const topic = await create('js-trim');
  await send(topic, numbers(100));
  await admin.fetchTopicOffsets(topic); // kafkajs deletes records only of topics that it has met
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '40' }] });
  const [{ low, high }] = await admin.fetchTopicOffsets(topic);
  assert.deepEqual([low, high], ['40', '100']);
  assert.deepEqual(values(read(topic)), numbers(100).slice(40).map((m) => m.value));
});
