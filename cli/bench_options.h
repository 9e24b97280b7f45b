// SPDX-License-Identifier: Apache-2.0
// The flags of `mq bench …`, and what they mean. Wrong ones throw UsageError before anything is sent.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/frame/command.h"
#include "core/bench/load.h"

namespace mq::cli {

struct BenchOptions {
  enum class What { produce, consume, e2e, mixed };

  What what = What::produce;
  bench::Options load;
  std::optional<std::string> topic;  // nothing: one of our own
  std::int32_t partitions = -1;      // of a topic that is made; -1: as the cluster likes
  std::int16_t replication = -1;
  bool keep = false, json = false;
  std::optional<boost::json::object> before;  // an earlier result to compare with

  bool sends() const { return what != What::consume; }
  bool receives() const { return what != What::produce; }

  static BenchOptions from(const Context& context, const Arguments& arguments, What what);
};

std::string_view name_of(BenchOptions::What what);
std::vector<Flag> bench_flags(BenchOptions::What what);

// "50k/s", "1.5M/s": records, by thousands; "10MiB/s", "10MB/s": bytes. Throws UsageError.
void parse_rate(const std::string& text, bench::Options& load);
// "1KiB" or "100..2000". Throws UsageError.
bench::Sizes parse_sizes(const std::string& text);

}  // namespace mq::cli
