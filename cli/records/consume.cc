// SPDX-License-Identifier: Apache-2.0
#include "cli/records/consumption.h"
#include "cli/records/filter_flags.h"
#include "core/admin/text.h"

namespace mq::cli {
namespace {

using Printed = PrinterOptions::What;

constexpr std::string_view about_range = "Where to start and stop";
constexpr std::string_view about_print = "What to print";
constexpr std::string_view about_fetch = "How to fetch";

Printed what_of(const std::string& name) {
  constexpr std::pair<std::string_view, Printed> names[] = {
      {"value", Printed::value},   {"raw", Printed::raw}, {"kv", Printed::kv},    {"json", Printed::json},
      {"pretty", Printed::pretty}, {"hex", Printed::hex}, {"none", Printed::none}};
  for (const auto& [known, what] : names)
    if (name == known) return what;
  return Printed::value;
}

std::string separator(const Arguments& arguments, std::string_view flag) {
  auto plain = admin::unescape(arguments.text(flag));
  if (!plain) throw UsageError("--" + std::string(flag) + ": \\n \\t \\r \\0 \\\\ and \\xNN are understood");
  return *plain;
}

std::optional<client::Duration> bounded(const Arguments& arguments, std::string_view flag) {
  if (!arguments.given(flag)) return std::nullopt;
  return std::min(arguments.duration(flag), std::chrono::milliseconds(std::chrono::hours(24 * 365)));
}

PrinterOptions printer_options(const Context& context, const Arguments& arguments) {
  PrinterOptions options;
  const std::string output = arguments.text("output");
  options.what = output == "auto" ? (context.out_tty ? Printed::pretty : Printed::value) : what_of(output);
  options.delimiter = separator(arguments, "delimiter");
  options.key_separator = separator(arguments, "key-separator");
  options.null_text = arguments.maybe("null");
  options.utc = context.utc;
  options.color = context.color_out;
  options.for_terminal = context.out_tty && !arguments.on("raw");
  const std::string level = arguments.text("envelope");
  options.envelope.level = level == "min"    ? admin::Envelope::Level::min
                           : level == "full" ? admin::Envelope::Level::full
                                             : admin::Envelope::Level::normal;
  options.envelope.meta_only = arguments.on("meta-only");
  if (options.envelope.meta_only && options.what != Printed::json)
    throw UsageError("--meta-only is for -o json", "formats have %K and %V, the sizes of key and value");
  options.envelope.json_value = arguments.on("json-value");
  options.envelope.json_key = arguments.on("json-key");
  options.over_lines = arguments.on("pretty");
  if (const auto text = arguments.maybe("format")) {
    if (arguments.given("output")) throw UsageError("--format stands in for --output; give one of them");
    auto format = Format::compile(*text, Format::Direction::write);
    if (!format) throw UsageError("--format: " + format.error().why, "mq help formats");
    options.what = Printed::format;
    options.format = std::move(*format);
  } else if (options.what == Printed::kv && !options.null_text) {
    options.null_text = "NULL";
  }
  return options;
}

Exit run_consume(Context& context, const Arguments& arguments) {
  ConsumeOptions options = ConsumeOptions::from(context, arguments);
  options.topics = admin::selectors(arguments.positional());
  options.range = range_from_flags(context, arguments);
  options.filter = filter_from_flags(arguments);
  options.group = GroupOptions::from(arguments);
  if (arguments.given("count") && arguments.number("count") <= 0) throw UsageError("--count: at least 1");
  if (arguments.given("count")) options.count = static_cast<std::uint64_t>(arguments.number("count"));
  options.idle = bounded(arguments, "idle");
  options.max_time = bounded(arguments, "max-time");
  options.stats = bounded(arguments, "stats");
  options.refresh = refresh_of(arguments);
  options.ordered = arguments.on("ordered");
  if (options.ordered && options.range.follow)
    throw UsageError("--ordered needs an end to read to", "add -e, --to, --until or --last");
  options.summary = options.range.bounded() || options.count > 0;
  Consumption consumption(context, std::move(options));
  return consumption.run();
}

std::vector<Flag> consume_flags() {
  std::vector<Flag> flags{
      {.name = "from",
       .kind = Kind::position,
       .value = "POS",
       .initial = "start",
       .help = "where to begin in each partition: start, end, N, +N, -N, @TIME",
       .section = about_range},
      {.name = "to",
       .kind = Kind::position,
       .value = "POS",
       .help = "stop before this, in each partition",
       .section = about_range},
      {.name = "since",
       .kind = Kind::time,
       .value = "TIME|DUR",
       .help = "--from @TIME; 15m is 15 minutes ago",
       .section = about_range},
      {.name = "until",
       .kind = Kind::time,
       .value = "TIME|DUR",
       .help = "--to @TIME",
       .section = about_range},
      {.name = "last",
       .kind = Kind::number,
       .value = "N",
       .help = "the N newest of all together, oldest first",
       .section = about_range},
      {.name = "start-at",
       .kind = Kind::text,
       .value = "PART=OFFSET",
       .help = "begin there in this partition",
       .repeatable = true,
       .section = about_range},
      {.name = "exit-at-end", .letter = 'e', .help = "stop where the topic ends now", .section = about_range},
      {.name = "follow",
       .help = "go on with what is still to come (the default without an end)",
       .section = about_range},
      {.name = "count",
       .letter = 'n',
       .kind = Kind::number,
       .value = "N",
       .help = "stop after N records that are shown",
       .section = about_range},
      {.name = "idle",
       .kind = Kind::duration,
       .value = "DUR",
       .help = "stop when nothing came for so long",
       .section = about_range},
      {.name = "max-time",
       .kind = Kind::duration,
       .value = "DUR",
       .help = "stop after so long",
       .section = about_range},
      {.name = "ordered", .help = "with an end: partitions merged by time", .section = about_range},
  };
  for (const Flag& flag : filter_flags()) flags.push_back(flag);
  flags.push_back({.name = "stats",
                   .kind = Kind::duration,
                   .value = "DUR",
                   .initial = "1s",
                   .help = "records/s, MiB/s and what is left, on stderr",
                   .optional = true,
                   .section = about_print});
  for (const Flag& flag : group_flags()) flags.push_back(flag);
  for (const Flag& flag : print_flags("value")) flags.push_back(flag);
  flags.push_back(refresh_flag());
  return flags;
}

}  // namespace

Flag refresh_flag() {
  return {.name = "refresh",
          .kind = Kind::duration,
          .value = "DUR",
          .initial = "5s",
          .help = "how often added partitions, and topics that a pattern matches now, are looked for",
          .section = about_fetch};
}

client::Duration refresh_of(const Arguments& arguments) {
  return std::min(arguments.duration("refresh"), std::chrono::milliseconds(std::chrono::hours(24 * 365)));
}

std::vector<Flag> print_flags(std::string_view output_default) {
  return {
      {.name = "partition",
       .letter = 'p',
       .kind = Kind::text,
       .value = "LIST",
       .help = "only these: 0,2,5-7",
       .section = about_range},
      {.name = "output",
       .letter = 'o',
       .kind = Kind::choice,
       .value = "FMT",
       .initial = output_default,
       .help = "value, raw (nothing added), kv, json (envelopes), pretty, hex, none",
       .choices = output_default == "auto" ? "auto|value|raw|kv|json|pretty|hex|none"
                                           : "value|raw|kv|json|pretty|hex|none",
       .section = about_print},
      {.name = "format",
       .letter = 'f',
       .kind = Kind::text,
       .value = "F",
       .help = "'%d{iso} %p@%o %k %v\\n'",
       .section = about_print},
      {.name = "delimiter",
       .letter = 'D',
       .kind = Kind::text,
       .value = "S",
       .initial = "\\n",
       .help = "behind each value",
       .section = about_print},
      {.name = "key-separator",
       .letter = 'K',
       .kind = Kind::text,
       .value = "S",
       .initial = "\\t",
       .help = "between key and value, with -o kv",
       .section = about_print},
      {.name = "null",
       .kind = Kind::text,
       .value = "S",
       .help = "how a null looks in kv (NULL) and formats (empty)",
       .section = about_print},
      {.name = "raw", .help = "what could drive a terminal goes there as it is, too", .section = about_print},
      {.name = "pretty", .help = "with -o json: over several lines", .section = about_print},
      {.name = "envelope",
       .kind = Kind::choice,
       .value = "HOW",
       .initial = "normal",
       .help = "with -o json: min, normal or full",
       .choices = "min|normal|full",
       .section = about_print},
      {.name = "meta-only",
       .help = "with -o json: the value's size instead of the value",
       .section = about_print},
      {.name = "json-value",
       .help = "with -o json: a value that is JSON is embedded",
       .section = about_print},
      {.name = "json-key", .help = "with -o json: a key that is JSON is embedded", .section = about_print},
      {.name = "line-buffered", .help = "write out each record at once", .section = about_print},
      {.name = "buffer",
       .kind = Kind::size,
       .value = "SIZE",
       .initial = "64KiB",
       .help = "gather so much output; never longer than there is input at hand",
       .section = about_print},
      {.name = "isolation",
       .kind = Kind::choice,
       .value = "LEVEL",
       .initial = "committed",
       .help = "committed: nothing of open or aborted transactions",
       .choices = "committed|uncommitted",
       .section = about_fetch},
      {.name = "fetch-max",
       .kind = Kind::size,
       .value = "SIZE",
       .initial = "16MiB",
       .help = "of one answer",
       .section = about_fetch},
      {.name = "fetch-wait",
       .kind = Kind::duration,
       .value = "DUR",
       .initial = "500ms",
       .help = "how long the broker may wait for news",
       .section = about_fetch},
      {.name = "on-error",
       .kind = Kind::choice,
       .value = "WHAT",
       .initial = "stop",
       .help = "where something is damaged or lost: stop, or skip it and go on behind",
       .choices = "stop|skip",
       .section = about_fetch},
  };
}

ConsumeOptions ConsumeOptions::from(Context& context, const Arguments& arguments) {
  ConsumeOptions options;
  options.client = client_options(context);
  options.printer = printer_options(context, arguments);
  options.range.partitions = arguments.given("partition")
                                 ? admin::parse_partitions(arguments.text("partition"), "--partition")
                                 : std::vector<std::int32_t>{};
  options.each_record = context.out_tty || arguments.on("line-buffered");
  options.buffer_bytes =
      static_cast<std::size_t>(std::clamp<std::int64_t>(arguments.size("buffer"), 1, 1 << 30));
  options.consumer.skips_unreadable = arguments.text("on-error") == "skip";
  options.consumer.committed = arguments.text("isolation") != "uncommitted";
  options.consumer.fetch_bytes_max =
      static_cast<std::int32_t>(std::clamp<std::int64_t>(arguments.size("fetch-max"), 1, 1 << 30));
  options.consumer.partition_bytes_max =
      std::min(options.consumer.partition_bytes_max, options.consumer.fetch_bytes_max);
  options.consumer.wait = std::min(arguments.duration("fetch-wait"), std::chrono::milliseconds(60'000));
  return options;
}

extern const Command consume{
    .name = "consume",
    .summary = "Read records from topics and write them to stdout.",
    .arguments = {{"TOPIC", Kind::topic, 1, any}},
    .uses = connects,
    .examples = {{"mq consume orders -e | jq .", "everything, then exit"},
                 {"mq consume orders --last 20 -o json", "the newest 20 with metadata"},
                 {"mq consume orders --since 15m -f '%d{iso} %k %v\\n'",
                  "the last quarter of an hour, and on"},
                 {"mq consume jobs -g workers",
                  "share them with the others of a group, and go on where it was"},
                 {"mq consume 'logs-*' --since 1h --grep ERROR", "of the last hour, and on, what went wrong"},
                 {"mq consume orders -e --where '.total > 100'", "by what is in them; mq help filters"},
                 {"mq consume 'logs-*' -e -o none --stats", "how much is there, how fast"}},
    .flags = consume_flags(),
    .more =
        "Reads every partition from the start and goes on for ever, unless told otherwise. To look at what "
        "is "
        "happening now, use mq tail.\n"
        "A group goes on where it has committed; --from applies where it has not.\n"
        "Filters choose among what is read: --last 10 --grep ERROR shows those of the newest 10 that match.",
    .see = "mq help positions, mq help filters, mq help formats, man mq-consume",
    .run = run_consume};

}  // namespace mq::cli
