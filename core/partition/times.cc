// SPDX-License-Identifier: Apache-2.0
// Which record of a partition reaches a time: the log finds the batch, a worker looks into it.
#include "core/loop/run_on.h"
#include "core/partition/partition.h"
#include "storage/gather.h"

namespace mq::core {

using kafka::Error;

namespace {

error_code read_error(const kafka::RecordReader& records) {
  return records.error() ? error_code(kafka::make_error_code(Error::corrupt_message)) : error_code{};
}

// Nothing is found where the batch's header claims a larger time than any record has that was not trimmed.
Result<Partition::At> first_reaching(kafka::RecordReader& records, Offset start, Timestamp timestamp) {
  while (const kafka::Record* record = records.next())
    if (record->offset >= start && record->timestamp >= timestamp)
      return Partition::At{record->offset, record->timestamp};
  if (const error_code error = read_error(records)) return error;
  return Partition::At{};
}

Result<Partition::At> first_largest(kafka::RecordReader& records, Offset start) {
  Partition::At largest;
  while (const kafka::Record* record = records.next())
    if (record->offset >= start && record->timestamp > largest.time)
      largest = {record->offset, record->timestamp};
  if (const error_code error = read_error(records)) return error;
  return largest;
}

}  // namespace

Task<Result<Partition::At>> Partition::at_time(Timestamp timestamp, asio::any_io_executor workers) {
  const auto base = co_await log_->at_time(timestamp);
  if (!base) co_return base.error();
  Look look = [timestamp](kafka::RecordReader& records, Offset start) {
    return first_reaching(records, start, timestamp);
  };
  co_return co_await look_into(*base, std::move(look), workers);
}

Task<Result<Partition::At>> Partition::at_time_max(asio::any_io_executor workers) {
  const auto base = co_await log_->at_time_max();
  if (!base) co_return base.error();
  co_return co_await look_into(*base, first_largest, workers);
}

Task<Result<Partition::At>> Partition::look_into(Offset base, Look look, asio::any_io_executor workers) {
  if (base >= high_watermark_) co_return At{};
  auto read = co_await log_->read(base, 1, high_watermark_);
  if (!read) co_return read.error();
  if (read->size == 0) co_return At{};
  auto work = [read = std::move(*read), start = start(), look = std::move(look)]() -> Result<At> {
    const auto bytes = storage::gather(read);
    if (!bytes) return bytes.error();
    kafka::RecordReader records(*bytes);
    return look(records, start);
  };
  co_return co_await run_on(workers, std::move(work));
}

}  // namespace mq::core
