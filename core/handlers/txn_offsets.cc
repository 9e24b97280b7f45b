// SPDX-License-Identifier: Apache-2.0
#include "core/handlers/commits.h"
#include "core/handlers/handlers.h"
#include "net/kafka/messages/txn_offset_commit.h"

namespace mq::core {

using kafka::Error;

namespace {

using TxnRequest = kafka::TxnOffsetCommitRequest;
using Response = kafka::TxnOffsetCommitResponse;

constexpr kafka::Version commit_version_abortable = 4;  // knows TRANSACTION_ABORTABLE
constexpr kafka::Version version_adding = 5;  // offsets are added to the transaction by committing them

// Offsets belong to the coordinator of groups, whose errors these clients know.
Error txn_commit_error(Error error, kafka::Version version) {
  switch (error) {
    case Error::producer_fenced:
      return Error::invalid_producer_epoch;
    case Error::group_id_not_found:
    case Error::stale_member_epoch:
      return Error::illegal_generation;
    case Error::transaction_abortable:
      return version >= commit_version_abortable ? error : Error::invalid_txn_state;
    case Error::concurrent_transactions:
    case Error::coordinator_load_in_progress:
      return version >= 2 ? Error::coordinator_load_in_progress : Error::coordinator_not_available;
    default:
      return error;
  }
}

// That the transaction's coordinator is another by now is nothing the group's clients can do anything about:
// they ask again, the same.
Error of_transaction(Error error) {
  const bool passes = error == Error::not_coordinator || error == Error::coordinator_not_available;
  return passes ? Error::coordinator_load_in_progress : error;
}

// Whether the group's offsets belong to the open transaction, or do so from now on.
Task<Error> enter(Context& context, const TxnRequest& request) {
  if (request.transactional_id.empty()) co_return Error::invalid_request;
  if (request.group_id.empty() || request.group_id.size() > InternalTopic::id_bytes_max)
    co_return Error::invalid_group_id;
  const Error missing = co_await context.broker.offsets_log.ensure();
  if (missing != Error::none) co_return missing;
  const ProducerEpoch who{request.producer_id, request.producer_epoch};
  const TopicPartition at{context.broker.offsets_log.name(),
                          context.broker.offsets_log.partition_of(request.group_id)};
  TransactionCoordinator& transactions = context.broker.transactions;
  const bool adds = context.version >= version_adding;
  Error error = Error::none;
  if (transactions.is_elsewhere(request.transactional_id)) {
    using Ask = TransactionCoordinator::Ask;
    const Ask ask = adds ? Ask::to_add : Ask::whether_it_has;
    error = co_await transactions.ask_coordinator(request.transactional_id, who, at, ask);
  } else if (adds) {
    std::set<TopicPartition> partitions{at};
    error = co_await transactions.add(request.transactional_id, who, std::move(partitions),
                                      ClientVersion::second);
  } else {
    error = transactions.verify(request.transactional_id, who, at);
  }
  co_return of_transaction(error);
}

}  // namespace

// Nobody sees these offsets before the transaction is committed.
Task<Response> txn_offset_commit(Context& context, TxnRequest& request) {
  Response response;
  std::vector<PartitionCommit> commits = co_await take_commits(
      context, request.topics, false, context.broker.clock.wall_ms(), -1, response.topics);
  std::vector<Error> errors(commits.size(), co_await enter(context, request));
  if (!errors.empty() && errors.front() == Error::none) {
    Commits::Committer who{request.group_id, request.member_id, request.group_instance_id,
                           request.generation_id_or_member_epoch};
    kafka::BatchProducer producer{request.producer_id, request.producer_epoch, -1, true};
    errors = co_await commit_all(context, std::move(who), std::move(commits), producer);
  }
  const auto error_for_version = [&context](Error error) { return txn_commit_error(error, context.version); };
  co_await answer_commits(context, response.topics, errors, error_for_version);
  co_return response;
}

}  // namespace mq::core
