// SPDX-License-Identifier: Apache-2.0
// Puts records together to a batch, for those who produce. One owner, any thread; nothing is allocated per
// record.
#pragma once

#include "net/kafka/growing.h"
#include "net/kafka/record_reader.h"

namespace mq::kafka {

// Who numbers the records; nobody unless `id` is given.
struct BatchProducer {
  std::int64_t id = -1;
  std::int16_t epoch = -1;
  std::int32_t sequence = -1;  // of the first record
  bool transactional = false;
  bool control = false;
};

class BatchBuilder {
 public:
  // `bytes_max`: of the batch before compression. One record alone may be larger.
  explicit BatchBuilder(std::size_t bytes_max);

  // Copies all it is given. False: does not fit, nothing has changed; finish first. An empty batch takes a
  // record of any size up to record_bytes_max.
  bool append(std::int64_t timestamp, std::optional<net::Bytes> key, std::optional<net::Bytes> value,
              std::span<const Header> headers = {});

  bool empty() const { return count_ == 0; }
  std::int32_t count() const { return count_; }
  std::size_t size() const { return records_.size(); }  // of the batch if it were finished now, uncompressed

  // The batch, checksum and all, at base offset 0. The builder is empty again. Level 0: the codec's default.
  // Not compressed where that does not make it smaller.
  net::Slice finish(Codec codec = Codec::none, int level = 0, BatchProducer producer = {});

  static constexpr std::size_t record_bytes_max = 1u << 30;

 private:
  void put_record(std::byte* at, std::size_t body_size, std::int64_t timestamp, std::optional<net::Bytes> key,
                  std::optional<net::Bytes> value, std::span<const Header> headers);
  net::Slice pack(Codec& codec, int level);

  std::size_t bytes_max_;
  Growing records_;  // behind room for the head
  std::int32_t count_ = 0;
  std::int64_t base_timestamp_ = -1, max_timestamp_ = -1;
};

}  // namespace mq::kafka
