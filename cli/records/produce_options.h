// SPDX-License-Identifier: Apache-2.0
// The flags of `mq produce`, and what they mean. Wrong ones throw UsageError before anything is read or sent.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/frame/command.h"
#include "cli/records/record_source.h"
#include "core/client/producer.h"

namespace mq::cli {

struct ProduceOptions {
  struct Create {
    std::int32_t partitions = -1;  // -1: as the cluster likes
    std::int16_t replication = -1;
  };
  enum class Input { line, raw, json, csv };

  client::Options client;
  client::ProducerOptions producer;
  std::vector<std::string> messages, files;
  Input input = Input::line;
  SourceOptions source;
  std::shared_ptr<const Format> format;
  std::optional<Format> receipt;
  bool json_receipt = false;

  std::optional<std::string_view> key;  // into key_text
  std::shared_ptr<const std::string> key_text;
  std::vector<std::pair<std::string, std::string>> headers;
  std::int32_t partition = -1;
  std::int64_t timestamp = -1;
  bool keep_partition = false;  // an envelope's partition counts

  std::optional<Create> create;
  std::uint64_t count = 0;  // 0: all
  double rate = 0;          // a second; 0: unlimited
  bool rate_in_bytes = false;
  bool skip_unreadable = false, tee = false;
  std::uint64_t txn_records = 0;                 // so many in each transaction; 0: no matter
  std::optional<client::Duration> txn_interval;  // or so long
  client::Duration flush_timeout{};

  static ProduceOptions from(const Context& context, const Arguments& arguments);
  std::unique_ptr<RecordSource> source_of() const;
};

std::vector<Flag> produce_flags();

}  // namespace mq::cli
