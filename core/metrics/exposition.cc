// SPDX-License-Identifier: Apache-2.0
#include "core/metrics/exposition.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <type_traits>
#include <utility>

#include "core/metrics/label_value.h"

namespace mq::core {
namespace {

template <class Number>
void append_digits(std::string& to, Number number) {
  char digits[32];
  to.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

// 0.0001 and not 1e-04: bounds are compared as texts.
std::string bound_text(double bound) {
  char digits[64];
  return {digits, std::to_chars(digits, digits + sizeof digits, bound, std::chars_format::fixed).ptr};
}

void append_escaped_label(std::string& to, std::string_view text, bool quotes) {
  for (const char c : text) {
    if (c == '\n') {
      to += "\\n";
      continue;
    }
    if (c == '\\' || (quotes && c == '"')) to += '\\';
    to += c;
  }
}

std::string labels_text(const Metric& metric, const MetricFamily::LabelValues& values) {
  std::string text;
  for (std::size_t i = 0; i < values.size() && !metric.labels[i].empty(); i++) {
    if (i > 0) text += ',';
    text += metric.labels[i];
    text += "=\"";
    append_escaped_label(text, label_value(values[i]), true);
    text += '"';
  }
  return text;
}

std::string_view type_text(MetricType type) {
  return type == MetricType::counter ? "counter" : type == MetricType::gauge ? "gauge" : "histogram";
}

void append_header(std::string& to, const Metric& metric) {
  to.append("# HELP ").append(metric.name) += ' ';
  append_escaped_label(to, metric.help, false);
  to.append("\n# TYPE ").append(metric.name) += ' ';
  to.append(type_text(metric.type)) += '\n';
}

void append_sample(std::string& to, std::string_view name, std::string_view suffix, std::string_view labels,
                   const MetricValue& value) {
  to.append(name).append(suffix);
  if (!labels.empty()) to.append("{").append(labels) += '}';
  to += ' ';
  value.append_to(to);
  to += '\n';
}

void add_buckets(Buckets& to, const Buckets& from) {
  std::ranges::transform(to.up_to, from.up_to, to.up_to.begin(), std::plus());
  to.count += from.count;
  to.sum += from.sum;
}

}  // namespace

double MetricValue::as_double() const {
  return std::visit([](auto value) { return static_cast<double>(value); }, value_);
}

void MetricValue::join(const MetricValue& other, Together together) {
  if (together == Together::largest) {
    if (std::isnan(as_double()) || other.as_double() > as_double()) *this = other;
    return;
  }
  const auto sum = [](auto a, auto b) -> MetricValue {
    if constexpr (std::is_same_v<decltype(a), decltype(b)> && std::is_integral_v<decltype(a)>) {
      decltype(a) exact = 0;
      if (!__builtin_add_overflow(a, b, &exact)) return exact;
    }
    return static_cast<double>(a) + static_cast<double>(b);
  };
  *this = std::visit(sum, value_, other.value_);
}

void MetricValue::append_to(std::string& to) const {
  const double value = as_double();
  if (std::isnan(value)) {
    to += "NaN";
  } else if (std::isinf(value)) {
    to += value > 0 ? "+Inf" : "-Inf";
  } else {
    std::visit([&to](auto number) { append_digits(to, number); }, value_);
  }
}

void MetricFamily::add_sample(const LabelValues& labels, Sample sample, std::size_t samples) {
  std::string text = labels_text(metric_, labels);
  const auto found = samples_.find(text);
  if (found == samples_.end()) {
    if (samples > samples_max_ - count_) {
      dropped_++;
      return;
    }
    count_ += samples;
    samples_.emplace(std::move(text), std::move(sample));
  } else if (auto* value = std::get_if<MetricValue>(&found->second)) {
    value->join(std::get<MetricValue>(sample), metric_.together);
  } else {
    add_buckets(std::get<Buckets>(found->second), std::get<Buckets>(sample));
  }
}

void MetricFamily::write_buckets(std::string& to, const std::string& labels, const Buckets& buckets) const {
  const std::string before = labels.empty() ? "le=\"" : labels + ",le=\"";
  for (std::size_t i = 0; i < buckets.bounds.size(); i++)
    append_sample(to, metric_.name, "_bucket", before + bound_text(buckets.bounds[i]) + '"',
                  buckets.up_to[i]);
  append_sample(to, metric_.name, "_bucket", before + "+Inf\"", buckets.count);
  append_sample(to, metric_.name, "_sum", labels, buckets.sum);
  append_sample(to, metric_.name, "_count", labels, buckets.count);
}

void MetricFamily::write(std::string& to) const {
  if (samples_.empty()) return;
  append_header(to, metric_);
  for (const auto& [labels, sample] : samples_) {
    if (const auto* value = std::get_if<MetricValue>(&sample)) {
      append_sample(to, metric_.name, "", labels, *value);
    } else {
      write_buckets(to, labels, std::get<Buckets>(sample));
    }
  }
}

}  // namespace mq::core
