// SPDX-License-Identifier: Apache-2.0
// One metric with all its samples, as Prometheus' text format 0.0.4 has it:
//
//   MetricFamily records(metric("mq_records_in_total"), 301);
//   for (const auto& topic : topics) records.add({topic.name}, topic.records);
//   records.write(to);
//
// Values of labels may be any bytes (label_value). Samples whose labels are, or became, equal are one: added,
// or the largest, as the row says. No more than `samples_max` samples are kept: what does not fit any more is
// dropped, and counted. Pure; one owner, any thread.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>

#include "core/metrics/histogram.h"
#include "core/metrics/table.h"

namespace mq::core {

// Printed with all its digits, and no more than that takes.
class MetricValue {
 public:
  MetricValue(std::unsigned_integral auto n) : value_(std::uint64_t{n}) {}
  MetricValue(std::signed_integral auto n) : value_(std::int64_t{n}) {}
  MetricValue(double value) : value_(value) {}

  void join(const MetricValue& other, Together together);
  void append_to(std::string& to) const;  // NaN, +Inf and -Inf as Prometheus calls them

 private:
  double as_double() const;

  std::variant<std::uint64_t, std::int64_t, double> value_;
};

class MetricFamily {
 public:
  using LabelValues = std::array<std::string_view, 3>;  // in the order of the row's

  MetricFamily(const Metric& metric, std::size_t samples_max) : metric_(metric), samples_max_(samples_max) {}

  void add(const LabelValues& labels, MetricValue value) { add_sample(labels, value, 1); }
  template <class Scale>  // its bounds, +Inf, sum and count are a sample each
  void add(const LabelValues& labels, const HistogramCounts<Scale>& counts) {
    add_sample(labels, counts.buckets(), Scale::exported.size() + 3);
  }

  std::size_t dropped() const { return dropped_; }  // calls of add()

  // HELP and TYPE, then the samples by their labels. Nothing when there is none.
  void write(std::string& to) const;

 private:
  using Sample = std::variant<MetricValue, Buckets>;

  void add_sample(const LabelValues& labels, Sample sample, std::size_t samples);
  void write_buckets(std::string& to, const std::string& labels, const Buckets& buckets) const;

  const Metric& metric_;
  const std::size_t samples_max_;
  std::map<std::string, Sample> samples_;  // by labels as they are printed, without braces
  std::size_t count_ = 0, dropped_ = 0;
};

}  // namespace mq::core
