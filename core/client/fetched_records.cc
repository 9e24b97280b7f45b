// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/client/consumer.h"

namespace mq::client {
namespace {

// The key of a control record: version, then type. 0 is ABORT.
bool is_abort(net::Bytes batch) {
  kafka::RecordReader reader(batch, kafka::client_unpacked_bytes_max);
  const kafka::Record* record = reader.next();
  return record && record->key && record->key->size() >= 4 && std::to_integer<int>((*record->key)[2]) == 0 &&
         std::to_integer<int>((*record->key)[3]) == 0;
}

}  // namespace

FetchedRecords::FetchedRecords(const Fetched& fetched) : fetched_(fetched), rest_(fetched.batches) {}

const kafka::Record* FetchedRecords::next() {
  for (;;) {
    if (!reader_ && !next_batch()) return nullptr;
    while (const kafka::Record* record = reader_->next()) {
      if (record->offset < fetched_.from) continue;
      if (record->offset >= fetched_.until) return nullptr;
      return record;
    }
    if (reader_->error()) {
      error_ = kafka::error_of(static_cast<std::int16_t>(reader_->error().value()));
      return nullptr;
    }
    reader_.reset();
  }
}

bool FetchedRecords::next_batch() {
  while (const auto batch = kafka::next_batch(rest_)) {
    const auto head = kafka::BatchHead::parse(*batch);
    at_ = head->base_offset;
    behind_ = head->last_offset() + 1;
    if (error_ = kafka::check_batch(*batch); error_ != kafka::Error::none) return false;
    if (!wanted(*batch, *head)) continue;
    reader_.emplace(*batch, kafka::client_unpacked_bytes_max);
    return true;
  }
  return false;
}

// The broker lists which transactions that touch these batches were aborted, by where they begin; each ends
// with its control record.
bool FetchedRecords::wanted(net::Bytes batch, const kafka::BatchHead& head) {
  const auto& aborted = fetched_.aborted;
  for (; next_aborted_ < aborted.size() && aborted[next_aborted_].first_offset <= head.last_offset();
       next_aborted_++)
    aborting_.insert(aborted[next_aborted_].producer_id);
  if (head.is_control()) {
    if (is_abort(batch)) aborting_.erase(head.producer_id);
    return false;
  }
  if (head.is_transactional() && aborting_.contains(head.producer_id)) return false;
  return head.last_offset() >= fetched_.from && head.base_offset < fetched_.until;
}

}  // namespace mq::client
