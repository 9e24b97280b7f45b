// SPDX-License-Identifier: Apache-2.0
// The records of one batch, one after the other, and whether they are what a producer may send.
// One owner, any thread.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "net/kafka/batch_head.h"

namespace mq::kafka {

class Cursor;

struct Header {
  std::string_view key;
  std::optional<net::Bytes> value;
};

// Views: into the batch, or into what the reader unpacked.
struct Record {
  std::int64_t offset = 0;
  std::int64_t timestamp = -1;  // milliseconds; -1: none
  std::optional<net::Bytes> key;
  std::optional<net::Bytes> value;
  std::span<const Header> headers;  // valid until the next record is asked for
};

// Views of records stay valid as long as the reader and the batch do; moving the reader does not move them.
class RecordReader {
 public:
  // Only the first batch of `batch` is read. Its checksum is not looked at: check_batch does that.
  explicit RecordReader(net::Bytes batch) : RecordReader(batch, unpacked_bytes_max(batch.size())) {}
  RecordReader(net::Bytes batch, std::size_t bytes_max);

  // Null: no more, or an error. A batch with an error may have yielded records before it.
  const Record* next();

  // As long as it is not set all is well: corrupt_message, message_too_large (unpacked, it would be larger
  // than `bytes_max`), unsupported_compression_type.
  boost::system::error_code error() const;

  const BatchHead& head() const { return head_; }

 private:
  bool read_record(net::Bytes body);
  bool read_headers(Cursor& from);

  BatchHead head_;
  net::Slice unpacked_;  // empty when the batch is not compressed
  net::Bytes left_;
  std::int32_t count_left_ = 0;
  Error error_ = Error::none;
  Record record_;
  std::vector<Header> headers_;
};

struct RecordRules {
  bool key_required = false;  // of a compacted topic
  std::int64_t now = -1;  // with the two limits of message.timestamp.*.max.ms; -1: times are not looked at
  std::int64_t before_max = INT64_MAX;
  std::int64_t after_max = INT64_MAX;
};

// Reads every record of a batch that check_batch liked, as a leader does before it appends: as many as the
// head says and nothing behind them, their offsets without gaps, their bytes filled exactly. The first kind
// of error that was found, and in `bad` the indices of all records that have it: invalid_record or
// invalid_timestamp. With `bad` empty it is about the whole: invalid_record also for what cannot be unpacked
// or read, since the checksum was right and sending it again would not help (corrupt_message asks for that);
// message_too_large, unsupported_compression_type. `max_timestamp`, when asked for, is what the head should
// say.
Error check_records(net::Bytes batch, const RecordRules& rules, std::vector<std::int32_t>& bad,
                    std::int64_t* max_timestamp = nullptr);

}  // namespace mq::kafka
