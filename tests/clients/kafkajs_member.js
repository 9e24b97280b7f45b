// SPDX-License-Identifier: Apache-2.0
// A member of a group with kafkajs, for processes.py: node kafkajs_member.js BROKERS GROUP TOPIC SESSION_MS
'use strict';
const { AssignerProtocol, Kafka, logLevel } = require('kafkajs');
const { MemberAssignment, MemberMetadata } = AssignerProtocol;

const [address, group, topic, sessionTimeout] = process.argv.slice(2);
const tell = (line) => process.stdout.write(JSON.stringify(line) + '\n');

// kafkajs has an assignor of its own only; this one lets it share a group with other libraries.
const range = ({ cluster }) => ({
  name: 'range',
  version: 0,
  protocol: ({ topics }) => ({ name: 'range', metadata: MemberMetadata.encode({ version: 0, topics }) }),
  assign: async ({ members }) => {
    const partitions = cluster.findTopicPartitionMetadata(topic).map((p) => p.partitionId).sort((a, b) => a - b);
    const owner = (at) => Math.floor((at * members.length) / partitions.length);
    return members.map((member) => member.memberId).sort().map((memberId, i) => ({
      memberId,
      memberAssignment: MemberAssignment.encode({
        version: 0, assignment: { [topic]: partitions.filter((_, at) => owner(at) === i) },
      }),
    }));
  },
});

let owned = [];
function own(partitions) {
  tell({ name: 'partitions_revoked', partitions: owned });
  owned = partitions.map((partition) => ({ topic, partition }));
  tell({ name: 'partitions_assigned', partitions: owned });
}

const kafka = new Kafka({
  brokers: address.split(','), logLevel: logLevel.NOTHING, retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 100 },
});
let consumer, ending = false;

async function start() {
  consumer = kafka.consumer({
    groupId: group, partitionAssigners: [range], sessionTimeout: Number(sessionTimeout), heartbeatInterval: 200, maxWaitTimeInMs: 50,
  });
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => own(payload.memberAssignment[topic] || []));
  consumer.on(consumer.events.CRASH, ({ payload }) => crashed(payload).catch(fail));
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({ eachMessage: async ({ message }) => tell({ name: 'record_data', value: String(message.value) }) });
}

// kafkajs goes on by itself but for what it holds to be final: a connection that breaks in the middle of its search for
// the coordinator is (KafkaJSGroupCoordinatorNotFound).
async function crashed({ error, restart }) {
  tell({ name: 'error', message: String(error) });
  if (restart || ending) return;
  await consumer.disconnect().catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 100));
  await start();
}

function fail(error) {
  tell({ name: 'error', message: String(error) });
  process.exit(1);
}

process.on('SIGTERM', () => {
  ending = true;
  consumer.disconnect().then(() => process.exit(0));
});
start().catch(fail);
