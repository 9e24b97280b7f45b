// SPDX-License-Identifier: Apache-2.0
// What is wrong with the cluster, why, and what to do: as `mq cluster health` says it. Pure.
import { counted } from './format.js';

const named_max = 5;

const brokers = ids => `${ids.length === 1 ? 'broker' : 'brokers'} ${ids.join(', ')}`;

function named(partitions) {
  const names = partitions.slice(0, named_max).map(one => `${one.topic}[${one.partition}]`).join(', ');
  return partitions.length > named_max ? `${names} and ${partitions.length - named_max} more` : names;
}

export function problem_texts(problem) {
  const { partitions, down } = problem, one = partitions.length === 1, some = counted(partitions.length, 'partition');
  const start = `start ${brokers(down)}`;
  const kind = problem.severity === 'critical' ? 'critical' : 'warning';
  switch (problem.problem) {
    case 'no_controller':
      return { kind, headline: 'There is no controller', reason: 'topics cannot be created or changed', remedy: 'start the other brokers; do they reach etcd or Consul?' };
    case 'no_leader':
      return {
        kind, headline: `${some} ${one ? 'has' : 'have'} no leader`,
        reason: `${named(partitions)}: ${problem.brokers.length
          ? `${brokers(problem.brokers)} ${problem.brokers.length === 1 ? 'is' : 'are'} down` : 'no replica may lead'}`,
        remedy: down.length ? `${start}, or if that is lost: mq partition recover` : 'look at the logs of the brokers; the last resort: mq partition recover',
      };
    case 'under_replicated':
      return {
        kind, headline: `${some} ${one ? 'is' : 'are'} under-replicated`,
        reason: `${named(partitions)}: not in sync on ${brokers(problem.brokers)}`,
        remedy: down.length ? start : 'they may be catching up: mq partition list --unhealthy',
      };
    case 'leader_not_preferred':
      return {
        kind, headline: `${some} ${one ? 'is led by another than its preferred replica' : 'are led by others than their preferred replicas'}`,
        reason: named(partitions), remedy: 'mq partition elect',
      };
    default:
      return { kind, headline: String(problem.problem).replaceAll('_', ' '), reason: named(partitions), remedy: '' };
  }
}
