// SPDX-License-Identifier: Apache-2.0
#include "cli/bench_options.h"

#include <fstream>
#include <random>
#include <sstream>

#include "cli/records/compression.h"
#include "cli/topic/topic.h"
#include "core/config/scalars.h"

namespace mq::cli {
namespace {

using What = BenchOptions::What;

constexpr std::string_view about_load = "What is sent";
constexpr std::string_view about_run = "How long";
constexpr std::string_view about_topic = "Where";
constexpr std::string_view about_result = "What comes of it";

constexpr std::size_t size_max = 64 << 20;
constexpr std::int64_t clients_max = 1000;
constexpr std::size_t waiting_bytes_max = 8 << 20;  // of each producer
constexpr std::int32_t prompt_fetch_bytes = 1 << 20;

std::uint64_t by_chance() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

// `inf` is a year: long enough, and can be added to a time.
client::Duration bounded(std::chrono::milliseconds duration) {
  return std::min(duration, std::chrono::milliseconds(std::chrono::hours(24 * 365)));
}

std::int64_t number_of(const Arguments& arguments, std::string_view flag, std::int64_t max) {
  const std::int64_t number = arguments.number(flag);
  if (number < 1 || number > max)
    throw UsageError("--" + std::string(flag) + ": 1 to " + std::to_string(max));
  return number;
}

void parse_sending(const Arguments& arguments, bench::Options& load) {
  client::ProducerOptions& producer = load.producer;
  const std::string acks = arguments.text("acks");
  producer.acks = acks == "0" ? std::int16_t{0} : acks == "1" ? std::int16_t{1} : std::int16_t{-1};
  parse_compression(arguments.text("compression"), producer);
  producer.batch_bytes_max =
      static_cast<std::size_t>(std::clamp<std::int64_t>(arguments.size("batch"), 1, 1 << 30));
  producer.linger = bounded(arguments.duration("linger"));
  producer.give_up = std::chrono::seconds(30);
  producer.waiting_bytes_max = std::max(waiting_bytes_max, 2 * producer.batch_bytes_max);
  load.sizes = parse_sizes(arguments.text("size"));
  if (arguments.given("keys"))
    load.keys = static_cast<std::uint64_t>(number_of(arguments, "keys", INT64_MAX));
}

void parse_length(const Arguments& arguments, BenchOptions& options) {
  bench::Options& load = options.load;
  if (arguments.given("count"))
    load.count = static_cast<std::uint64_t>(number_of(arguments, "count", INT64_MAX));
  if (load.count == 0 || arguments.given("time")) load.time = bounded(arguments.duration("time"));
  const bool warm = options.sends() && load.count == 0;
  if (warm) load.warmup = std::chrono::seconds(5);
  if (arguments.given("warmup")) load.warmup = bounded(arguments.duration("warmup"));
}

boost::json::object read_result(const std::string& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) throw UsageError("--compare: " + file + " cannot be read");
  boost::system::error_code wrong;
  const auto value = boost::json::parse(text.str(), wrong);
  if (wrong || !value.is_object() || !value.get_object().contains("bench"))
    throw UsageError("--compare: " + file + " is not what mq bench -o json has printed");
  return value.get_object();
}

}  // namespace

std::string_view name_of(What what) {
  switch (what) {
    case What::produce:
      return "produce";
    case What::consume:
      return "consume";
    case What::e2e:
      return "e2e";
    case What::mixed:
      break;
  }
  return "mixed";
}

void parse_rate(const std::string& text, bench::Options& load) {
  const UsageError wrong("--rate: " + in_quotes(text) + " is no rate",
                         "50k/s for records, 10MiB/s for bytes; k is a thousand of records");
  if (!text.ends_with("/s")) throw wrong;
  std::string number = text.substr(0, text.size() - 2);
  load.rate_in_bytes = number.ends_with('B');
  if (load.rate_in_bytes) {
    const auto bytes = core::parse_size(number);
    if (!bytes || *bytes == 0) throw wrong;
    load.rate = static_cast<double>(*bytes);
    return;
  }
  const std::string_view units = "kMG";
  double unit = 1;
  if (const auto at = number.empty() ? units.npos : units.find(number.back()); at != units.npos) {
    for (std::size_t i = 0; i <= at; i++) unit *= 1000;
    number.pop_back();
  }
  const auto rate = core::parse_real(number, 0, 1e12);
  if (!rate || *rate <= 0) throw wrong;
  load.rate = *rate * unit;
}

bench::Sizes parse_sizes(const std::string& text) {
  const auto dots = text.find("..");
  const auto least = core::parse_size(text.substr(0, dots));
  const auto most = dots == text.npos ? least : core::parse_size(text.substr(dots + 2));
  if (!least || !most || *least > *most || *most > size_max)
    throw UsageError("--size: " + in_quotes(text) + " is no size",
                     "like 1KiB, or 100..2000 for all between; 64 MiB at most");
  return {static_cast<std::size_t>(*least), static_cast<std::size_t>(*most)};
}

BenchOptions BenchOptions::from(const Context& context, const Arguments& arguments, What what) {
  BenchOptions options;
  options.what = what;
  bench::Options& load = options.load;
  load.client = client_options(context);
  load.run = by_chance();
  load.clients = static_cast<std::size_t>(number_of(arguments, "clients", clients_max));
  load.seed = arguments.given("seed") ? static_cast<std::uint64_t>(arguments.number("seed")) : load.run >> 32;
  load.verifies = arguments.on("verify");
  load.sends = options.sends();
  load.receives = options.receives();
  parse_length(arguments, options);
  parse_sending(arguments, load);
  if (options.sends()) {
    if (arguments.given("rate")) parse_rate(arguments.text("rate"), load);
    load.consumer.fetch_bytes_max = 4 * prompt_fetch_bytes;  // large answers would make what follows late
    load.consumer.partition_bytes_max = prompt_fetch_bytes;
  }
  const bool stamped = load.verifies || (options.sends() && options.receives());
  if (stamped && load.sizes.min < bench::Stamp::size)
    throw UsageError("--size: at least " + std::to_string(bench::Stamp::size) +
                     " bytes, which say where a record comes from and when it was sent");
  load.report_interval = bounded(arguments.duration("report-interval"));
  if (!arguments.given("report-interval") && !context.err_tty) load.report_interval = {};
  if (context.quiet) load.report_interval = {};
  options.topic = arguments.maybe("topic");
  if (arguments.given("partitions"))
    options.partitions = static_cast<std::int32_t>(number_of(arguments, "partitions", 100'000));
  if (arguments.given("replication"))
    options.replication = static_cast<std::int16_t>(number_of(arguments, "replication", 32'767));
  options.keep = arguments.on("keep");
  options.json = arguments.text("output") == "json";
  if (const auto file = arguments.maybe("compare")) options.before = read_result(*file);
  return options;
}

std::vector<Flag> bench_flags(What what) {
  const bool sends = what != What::consume;
  std::vector<Flag> flags{
      {.name = "count",
       .letter = 'n',
       .kind = Kind::number,
       .value = "N",
       .help = "stop after N records",
       .section = about_run},
      {.name = "time",
       .kind = Kind::duration,
       .value = "DUR",
       .initial = "30s",
       .help = "stop after so long; without -n that is the default",
       .section = about_run},
      {.name = "warmup",
       .kind = Kind::duration,
       .value = "DUR",
       .help = sends ? "do not count before that (5s; with -n none)" : "do not count before that",
       .section = about_run},
      {.name = "clients",
       .kind = Kind::number,
       .value = "N",
       .initial = "1",
       .help = "so many producers, and so many consumers, but not more than partitions",
       .section = about_load},
      {.name = "size",
       .kind = Kind::text,
       .value = "SIZE|MIN..MAX",
       .initial = "1KiB",
       .help = "of each value",
       .section = about_load},
      {.name = "keys",
       .kind = Kind::number,
       .value = "N",
       .help = "N different keys (default: no keys)",
       .section = about_load},
      {.name = "acks",
       .kind = Kind::choice,
       .value = "WHO",
       .initial = "all",
       .help = "who must have it: all, 1 or 0",
       .choices = "all|1|0",
       .section = about_load},
      {.name = "compression",
       .letter = 'z',
       .kind = Kind::text,
       .value = "CODEC[:LEVEL]",
       .initial = "none",
       .help = "none, gzip, snappy, lz4 or zstd",
       .choices = "none|gzip|snappy|lz4|zstd",
       .section = about_load},
      {.name = "batch",
       .kind = Kind::size,
       .value = "SIZE",
       .initial = "256KiB",
       .help = "the largest batch before compression",
       .section = about_load},
      {.name = "linger",
       .kind = Kind::duration,
       .value = "DUR",
       .initial = "0",
       .help = "wait this long for more; 0: only as long as something is unanswered",
       .section = about_load},
      {.name = "seed",
       .kind = Kind::number,
       .value = "N",
       .help = "for sizes, keys and bytes (default: by chance)",
       .section = about_load},
      {.name = "topic",
       .kind = Kind::topic,
       .value = "TOPIC",
       .help = "this one (default: one that is made, mq-bench-…)",
       .section = about_topic},
      {.name = "partitions",
       .letter = 'p',
       .kind = Kind::number,
       .value = "N",
       .help = "of a topic that is made (default: the cluster's)",
       .section = about_topic},
      {.name = "replication",
       .letter = 'r',
       .kind = Kind::number,
       .value = "N",
       .help = "of a topic that is made (default: the cluster's)",
       .section = about_topic},
      {.name = "keep", .help = "do not remove a topic that was made", .section = about_topic},
      {.name = "verify",
       .help = "every record must arrive once, in order, undamaged",
       .section = about_result},
      {.name = "output",
       .letter = 'o',
       .kind = Kind::choice,
       .value = "FMT",
       .initial = "table",
       .help = "table, or json with all of the histograms",
       .choices = "table|json",
       .section = about_result},
      {.name = "compare",
       .kind = Kind::file,
       .value = "FILE",
       .help = "show the difference to an earlier -o json",
       .section = about_result},
      {.name = "report-interval",
       .kind = Kind::duration,
       .value = "DUR",
       .initial = "1s",
       .help = "how it goes, on stderr (only to a terminal, unless given; 0: never)",
       .section = about_result},
  };
  if (sends)
    flags.push_back({.name = "rate",
                     .kind = Kind::text,
                     .value = "N/s|SIZE/s",
                     .help = "keep to this rate, and measure latency from when each was due "
                             "(default: as fast as possible)",
                     .section = about_load});
  return flags;
}

}  // namespace mq::cli
