// SPDX-License-Identifier: Apache-2.0
#include "cli/bench_report.h"

#include <array>
#include <cstdio>

#include "cli/frame/print.h"
#include "core/config/scalars.h"

namespace mq::cli {
namespace {

struct Percentile {
  double percent;
  std::string_view field, title;
};
constexpr std::array<Percentile, 5> percentiles{{{50, "p50", "p50"},
                                                 {90, "p90", "p90"},
                                                 {99, "p99", "p99"},
                                                 {99.9, "p99_9", "p99.9"},
                                                 {99.99, "p99_99", "p99.99"}}};
constexpr std::string_view flows[] = {"produced", "consumed"};
constexpr std::string_view latencies[] = {"e2e", "ack"};

std::string formatted(const char* format, double value) {
  char text[48];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

// The number at a path of objects; nothing when a step of it is missing.
template <class... Keys>
std::optional<double> number(const json::object& in, std::string_view key, Keys... further) {
  const json::value* value = in.if_contains(key);
  if (!value) return std::nullopt;
  if constexpr (sizeof...(further) > 0) {
    return value->is_object() ? number(value->get_object(), further...) : std::nullopt;
  } else {
    return value->is_number() ? std::optional(value->to_number<double>()) : std::nullopt;
  }
}

const json::object* object(const json::object& in, std::string_view key) {
  const json::value* value = in.if_contains(key);
  return value && value->is_object() ? &value->get_object() : nullptr;
}

std::string change(std::optional<double> now, std::optional<double> before) {
  if (!now || !before || *before <= 0) return "";
  return formatted("%+.1f %%", (*now - *before) / *before * 100);
}

std::string in_brackets(const std::string& text) {
  return text.empty() ? "" : " (" + text + ")";
}

json::object flow_json(const bench::Load& load, const bench::Flow& flow) {
  const double seconds = load.seconds(flow);
  const auto rate = [&](std::uint64_t n) { return seconds > 0 ? static_cast<double>(n) / seconds : 0; };
  return {{"records", flow.records},
          {"bytes", flow.bytes},
          {"seconds", seconds},
          {"records_per_s", rate(flow.records)},
          {"bytes_per_s", rate(flow.bytes)}};
}

std::int64_t whole_ms(client::Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

json::object options_json(const BenchOptions& options) {
  const bench::Options& load = options.load;
  json::object told{{"clients", load.clients},
                    {"size_bytes_min", load.sizes.min},
                    {"size_bytes_max", load.sizes.max},
                    {"keys", load.keys},
                    {"acks", load.producer.acks},
                    {"compression", kafka::name_of(load.producer.codec)},
                    {"batch_bytes_max", load.producer.batch_bytes_max},
                    {"linger_ms", whole_ms(load.producer.linger)},
                    {"warmup_ms", whole_ms(load.warmup)},
                    {"seed", load.seed}};
  if (load.rate > 0) told[load.rate_in_bytes ? "rate_bytes_per_s" : "rate_records_per_s"] = load.rate;
  return told;
}

std::string rate_text(double per_second) {
  return formatted("%.0f/s", per_second);
}

std::string bytes_rate_text(double per_second) {
  return core::human_size(static_cast<std::uint64_t>(per_second)) + "/s";
}

// "records 1500000  49998/s  24.4 MiB/s  errors 0"
std::string headline(const json::object& result, std::string_view flow, std::string_view title,
                     const json::object* before) {
  const auto of = [&](std::string_view field) { return number(result, flow, field).value_or(0); };
  const auto since = [&](std::string_view field) {
    return before ? in_brackets(change(number(result, flow, field), number(*before, flow, field))) : "";
  };
  return std::string(title) + " " + formatted("%.0f", of("records")) + "  " + rate_text(of("records_per_s")) +
         since("records_per_s") + "  " + bytes_rate_text(of("bytes_per_s")) + since("bytes_per_s");
}

std::string headlines(const json::object& result, const json::object* before) {
  std::string text;
  const json::value* kind = result.if_contains("bench");
  const bool both = kind && kind->is_string() && kind->get_string() == "mixed";
  const auto errors = "  errors " + formatted("%.0f", number(result, "errors").value_or(0)) + "\n";
  if (!both) {
    const bool e2e = object(result, "produced") != nullptr;
    return headline(result, e2e ? "produced" : "consumed", "records", before) + errors;
  }
  for (const std::string_view flow : flows) {
    text += headline(result, flow, flow, before);
    text += flow == "produced" ? errors : "\n";
  }
  return text;
}

std::string latency_table(const json::object& result, const json::object* before) {
  std::vector<std::vector<std::string>> lines;
  lines.push_back({"latency"});
  for (const Percentile& percentile : percentiles) lines.back().emplace_back(percentile.title);
  lines.back().emplace_back("max");
  for (const std::string_view name : latencies) {
    if (number(result, "latency_ns", name, "count").value_or(0) == 0) continue;
    std::vector<std::string> line{std::string(name)}, since{""};
    const auto add = [&](std::string_view field) {
      const auto now = number(result, "latency_ns", name, field);
      line.push_back(latency_text(now.value_or(0)));
      if (before) since.push_back(change(now, number(*before, "latency_ns", name, field)));
    };
    for (const Percentile& percentile : percentiles) add(percentile.field);
    add("max");
    lines.push_back(std::move(line));
    if (before && number(*before, "latency_ns", name, "count")) lines.push_back(std::move(since));
  }
  return lines.size() == 1 ? "" : aligned(lines, {false, true, true, true, true, true, true});
}

std::string findings_text(const json::object& verified) {
  std::string text = "verify";
  for (const std::string_view what : {"checked", "lost", "repeated", "damaged"})
    text += "  " + std::string(what) + " " + formatted("%.0f", number(verified, what).value_or(0));
  if (const double foreign = number(verified, "foreign").value_or(0); foreign > 0)
    text += "  not ours " + formatted("%.0f", foreign);
  return text + "\n";
}

json::object errors_json(const bench::Tally& tally) {
  json::object told;
  for (const auto& [text, count] : tally.errors) told[text] = count;
  return told;
}

std::uint64_t errors_of(const bench::Tally& tally) {
  std::uint64_t counted = 0;
  for (const auto& [text, count] : tally.errors) counted += count;
  return std::max(counted, tally.failed) + tally.unanswered;
}

}  // namespace

std::string latency_text(double ns) {
  const double ms = ns / 1e6;
  if (ms < 0.1) return formatted("%.3f ms", ms);
  if (ms < 100) return formatted("%.1f ms", ms);
  return ms < 10'000 ? formatted("%.0f ms", ms) : formatted("%.1f s", ms / 1000);
}

json::object histogram_json(const bench::Histogram& histogram) {
  json::object told{{"count", histogram.count()},
                    {"min", histogram.min()},
                    {"mean", histogram.mean()},
                    {"max", histogram.max()}};
  for (const Percentile& percentile : percentiles)
    told[percentile.field] = histogram.percentile(percentile.percent);
  json::array buckets;
  for (const auto& bucket : histogram.buckets())
    buckets.push_back(json::object{{"from", bucket.from}, {"to", bucket.to}, {"count", bucket.count}});
  told["buckets"] = std::move(buckets);
  return told;
}

json::object bench_result(const BenchOptions& options, const std::string& topic, const bench::Load& load,
                          const std::optional<bench::Findings>& findings) {
  const bench::Tally& tally = load.tally();
  json::object result{{"bench", name_of(options.what)},       {"topic", topic},
                      {"options", options_json(options)},     {"errors", errors_of(tally)},
                      {"errors_by_text", errors_json(tally)}, {"failed", tally.failed},
                      {"unanswered", tally.unanswered},       {"retries", tally.retries},
                      {"fell_behind", load.fell_behind()}};
  if (options.sends()) result["produced"] = flow_json(load, tally.produced);
  if (options.receives()) result["consumed"] = flow_json(load, tally.consumed);
  json::object latency;
  if (tally.e2e.count() > 0) latency["e2e"] = histogram_json(tally.e2e);
  if (tally.ack.count() > 0) latency["ack"] = histogram_json(tally.ack);
  if (!latency.empty()) result["latency_ns"] = std::move(latency);
  if (findings)
    result["verify"] = json::object{{"checked", findings->checked},
                                    {"lost", findings->lost},
                                    {"repeated", findings->repeated},
                                    {"damaged", findings->damaged},
                                    {"foreign", findings->foreign}};
  return result;
}

std::string bench_table(const json::object& result, const json::object* before) {
  std::string text = headlines(result, before) + latency_table(result, before);
  if (const json::object* verified = object(result, "verify")) text += findings_text(*verified);
  return text;
}

std::string bench_progress(const bench::Lately& lately) {
  const double over = std::max(std::chrono::duration<double>(lately.over).count(), 1e-9);
  const auto rates = [&](std::string_view title, const bench::Flow& flow) {
    if (flow.records == 0) return std::string{};
    return "  " + std::string(title) + " " + rate_text(static_cast<double>(flow.records) / over) + " " +
           bytes_rate_text(static_cast<double>(flow.bytes) / over);
  };
  const auto latency = [](std::string_view title, const bench::Histogram& seen) {
    if (seen.count() == 0) return std::string{};
    return "  " + std::string(title) + " p99 " + latency_text(static_cast<double>(seen.percentile(99))) +
           " max " + latency_text(static_cast<double>(seen.max()));
  };
  std::string text = formatted("%.0f s", std::chrono::duration<double>(lately.at).count());
  if (lately.warming_up) text += "  warming up";
  return text + rates("produced", lately.produced) + rates("consumed", lately.consumed) +
         latency("e2e", lately.e2e) + latency("ack", lately.ack) + "\n";
}

}  // namespace mq::cli
