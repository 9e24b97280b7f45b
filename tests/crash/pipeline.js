// SPDX-License-Identifier: Apache-2.0
// The pipeline of pipeline.py with kafkajs. node pipeline.js BROKERS SEED
'use strict';
const { Kafka, logLevel, Partitioners } = require('kafkajs');

const SOURCE = 'in', SINK = 'out', GROUP = 'pipeline-js', PARTITIONS = 2;
const [address, seed] = process.argv.slice(2);
let state = Number(seed) || 1;
const random = () => (state = (state * 48271) % 2147483647) / 2147483647;

async function main() {
  const kafka = new Kafka({ brokers: address.split(','), logLevel: logLevel.NOTHING, retry: { initialRetryTime: 20, retries: 10 } });
  const producer = kafka.producer({
    transactionalId: 'pipeline-js', idempotent: true, maxInFlightRequests: 1, transactionTimeout: 10000,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect(); // whatever the one before had open is over now
  const consumer = kafka.consumer({
    groupId: GROUP, sessionTimeout: 6000, heartbeatInterval: 500, maxWaitTimeInMs: 20, readUncommitted: false,
  });
  consumer.on(consumer.events.CRASH, () => process.exit(1));
  await consumer.connect();
  await consumer.subscribe({ topics: [SOURCE], fromBeginning: true });
  console.log('ready');
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    eachBatch: async ({ batch, resolveOffset, isStale }) => {
      for (let i = 0; i < batch.messages.length && !isStale();) {
        const some = batch.messages.slice(i, i + 1 + Math.floor(random() * 50));
        const fails = random() < 0.2;
        const transaction = await producer.transaction();
        try {
          await transaction.send({
            topic: SINK,
            messages: some.map((m) => ({
              value: fails ? 'aborted' : `${batch.partition}:${m.offset}:${m.value}`,
              partition: Number(m.offset) % PARTITIONS,
            })),
          });
          if (fails) {
            await transaction.abort();
            continue;
          }
          const next = (BigInt(some[some.length - 1].offset) + 1n).toString();
          await transaction.sendOffsets({
            consumerGroupId: GROUP, topics: [{ topic: SOURCE, partitions: [{ partition: batch.partition, offset: next }] }],
          });
          await transaction.commit();
        } catch (error) {
          process.exit(1); // whoever started it starts another
        }
        resolveOffset(some[some.length - 1].offset);
        i += some.length;
      }
    },
  });
}

main().catch(() => process.exit(1));
