// SPDX-License-Identifier: Apache-2.0
#include "cli/records/produce_options.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <random>

#include "cli/records/compression.h"
#include "cli/topic/topic.h"
#include "core/admin/text.h"

namespace mq::cli {
namespace {

std::string unescaped(const std::string& flag, const std::string& text) {
  auto plain = admin::unescape(text);
  if (!plain || plain->empty())
    throw UsageError("--" + flag + ": " + in_quotes(text) + " is no separator",
                     "\\n \\t \\r \\0 \\\\ and \\xNN are understood");
  return *plain;
}

SourceOptions::Encoding encoding(const std::string& name) {
  if (name == "hex") return SourceOptions::Encoding::hex;
  return name == "base64" ? SourceOptions::Encoding::base64 : SourceOptions::Encoding::raw;
}

ProduceOptions::Create parse_create(const Arguments& arguments) {
  ProduceOptions::Create create;
  if (!arguments.has_value("create")) return create;
  const std::string text = arguments.text("create");
  const auto colon = text.find(':');
  const auto partitions = core::parse_integer(text.substr(0, colon), 1, 1'000'000);
  if (!partitions) throw UsageError("--create: " + partitions.error().why, "--create=6 or --create=6:3");
  create.partitions = static_cast<std::int32_t>(*partitions);
  if (colon == text.npos) return create;
  const auto replication = core::parse_integer(text.substr(colon + 1), 1, INT16_MAX);
  if (!replication) throw UsageError("--create: " + replication.error().why, "--create=6 or --create=6:3");
  create.replication = static_cast<std::int16_t>(*replication);
  return create;
}

// "100/s" records or "10MiB/s" bytes; records unless there is a unit.
void parse_rate(const std::string& text, ProduceOptions& options) {
  const auto rate = std::string_view(text).substr(0, text.rfind("/s"));
  const bool digits = rate.find_first_not_of("0123456789") == rate.npos;
  const auto size = core::parse_size(rate);
  if (!text.ends_with("/s") || !size || *size == 0)
    throw UsageError("--rate: " + in_quotes(text) + " is no rate", "1000/s for records, 10MiB/s for bytes");
  options.rate = static_cast<double>(*size);
  options.rate_in_bytes = !digits;
}

void parse_headers(const Arguments& arguments, ProduceOptions& options) {
  for (const std::string& header : arguments.all("header")) {
    const auto equals = header.find('=');
    if (equals == header.npos || equals == 0)
      throw UsageError("--header: " + in_quotes(header) + " is not KEY=VALUE");
    options.headers.emplace_back(header.substr(0, equals), header.substr(equals + 1));
  }
}

void parse_source(const Arguments& arguments, ProduceOptions& options) {
  SourceOptions& source = options.source;
  const std::string input = arguments.text("input");
  using Input = ProduceOptions::Input;
  options.input = input == "json"  ? Input::json
                  : input == "csv" ? Input::csv
                  : input == "raw" ? Input::raw
                                   : Input::line;
  if (arguments.on("file-per-record")) options.input = Input::raw;
  source.delimiter =
      arguments.on("zero") ? std::string(1, '\0') : unescaped("delimiter", arguments.text("delimiter"));
  source.crlf = arguments.on("crlf");
  if (arguments.given("key-separator"))
    source.key_separator = unescaped("key-separator", arguments.text("key-separator"));
  source.key_optional = arguments.on("key-optional");
  source.empty_null = arguments.on("empty-null");
  if (arguments.given("null-marker")) source.null_marker = arguments.text("null-marker");
  source.skip_empty = arguments.on("skip-empty");
  source.key_encoding = encoding(arguments.text("key-encoding"));
  source.value_encoding = encoding(arguments.text("value-encoding"));
  if (!arguments.given("format")) return;
  if (arguments.given("delimiter") || arguments.given("key-separator") || arguments.given("input"))
    throw UsageError(
        "--format says how to read; it does not go with --delimiter, --key-separator or --input");
  auto format = Format::compile(arguments.text("format"), Format::Direction::read);
  if (!format) throw UsageError("--format: " + format.error().why, "mq help formats");
  options.format = std::make_shared<const Format>(std::move(*format));
}

// Before anything is written: a file that cannot be read is a mistake in the command line.
void check_files(const std::vector<std::string>& files) {
  for (const std::string& file : files) {
    if (file == "-") continue;
    std::error_code ignored;
    const bool directory = std::filesystem::is_directory(file, ignored);
    if (directory || ::access(file.c_str(), R_OK) != 0)
      throw UsageError(file + ": " + std::strerror(directory ? EISDIR : errno));
  }
}

// `inf` is a year: long enough, and can be added to a time.
client::Duration bounded(std::chrono::milliseconds duration) {
  return std::min(duration, std::chrono::milliseconds(std::chrono::hours(24 * 365)));
}

void parse_delivery(const Arguments& arguments, ProduceOptions& options, bool terminal) {
  client::ProducerOptions& producer = options.producer;
  const std::string acks = arguments.text("acks");
  producer.acks = acks == "0" ? std::int16_t{0} : acks == "1" ? std::int16_t{1} : std::int16_t{-1};
  parse_compression(arguments.text("compression"), producer);
  producer.batch_bytes_max = static_cast<std::size_t>(std::max<std::int64_t>(arguments.size("batch"), 1));
  producer.linger = terminal || !options.messages.empty() ? client::Duration{} : std::chrono::milliseconds(5);
  if (arguments.given("linger")) producer.linger = bounded(arguments.duration("linger"));
  producer.in_flight_max = static_cast<std::size_t>(std::max<std::int64_t>(arguments.number("inflight"), 1));
  producer.give_up = bounded(arguments.duration("give-up"));
}

void parse_transactions(const Arguments& arguments, ProduceOptions& options) {
  constexpr auto timeout_max = std::chrono::minutes(15);  // more is what brokers usually refuse
  const auto every = arguments.maybe("txn-every");
  if (every && !arguments.given("txn")) throw UsageError("--txn-every is for transactions", "add --txn");
  if (!arguments.given("txn")) return;
  if (options.producer.acks != -1 || !options.producer.idempotent) throw UsageError("--txn needs --acks all");
  auto& transactions = options.producer.transactions.emplace();
  transactions.id = arguments.text("txn");
  if (!arguments.has_value("txn")) {  // nobody else has this one
    std::random_device device;
    transactions.id = "mq-produce-" + std::to_string(device()) + "-" + std::to_string(device());
  }
  transactions.timeout = timeout_max;
  if (!every) return;
  if (const auto records = core::parse_integer(*every, 1)) {
    options.txn_records = static_cast<std::uint64_t>(*records);
  } else if (const auto duration = core::parse_duration(*every); duration && duration->count() > 0) {
    options.txn_interval = bounded(*duration);
    transactions.timeout =
        std::chrono::minutes(1) + std::min<client::Duration>(*options.txn_interval, std::chrono::minutes(10));
  } else {
    throw UsageError("--txn-every: " + in_quotes(*every) + " is neither a number of records nor a duration",
                     "like 1000 or 5s");
  }
}

}  // namespace

ProduceOptions ProduceOptions::from(const Context& context, const Arguments& arguments) {
  ProduceOptions options;
  options.client = client_options(context);
  const auto& words = arguments.positional();
  options.producer.topic = words.at(0);
  if (admin::Selector(words.at(0)).is_pattern())
    throw UsageError(in_quotes(words.at(0)) + " is a pattern; records go to one topic");
  options.files.assign(words.begin() + 1, words.end());
  options.messages = arguments.all("message");
  if (!options.messages.empty() && !options.files.empty())
    throw UsageError("-m and FILE do not go together", "cat the file into another mq produce");
  check_files(options.files);
  parse_source(arguments, options);
  const bool terminal = context.in_tty && options.files.empty() && options.messages.empty();
  parse_delivery(arguments, options, terminal);
  if (const auto key = arguments.maybe("key")) {
    options.key_text = std::make_shared<const std::string>(*key);
    options.key = *options.key_text;
  }
  parse_headers(arguments, options);
  if (const auto given = arguments.maybe("partition")) {
    const auto partition = core::parse_integer(*given, 0, INT32_MAX);
    if (!partition) throw UsageError("--partition: " + partition.error().why);
    options.partition = static_cast<std::int32_t>(*partition);
  }
  if (const auto time = arguments.maybe("timestamp")) {
    const auto at = admin::parse_time(*time, admin::Now::here(context.utc));
    if (!at) throw UsageError("--timestamp: " + at.error().why);
    if (*at < 0) throw UsageError("--timestamp: a time before 1970");
    options.timestamp = *at;
  }
  options.keep_partition = options.format != nullptr;
  const std::string kept = arguments.text("keep");  // the fields look into it
  for (const auto field : core::split(kept, ',')) {
    if (field != "partition")
      throw UsageError("--keep: " + in_quotes(field) + " cannot be kept", "it is: partition");
    options.keep_partition = true;
  }
  if (arguments.given("create")) options.create = parse_create(arguments);
  if (arguments.given("count")) {
    if (arguments.number("count") <= 0) throw UsageError("--count: at least 1");
    options.count = static_cast<std::uint64_t>(arguments.number("count"));
  }
  if (const auto rate = arguments.maybe("rate")) parse_rate(*rate, options);
  parse_transactions(arguments, options);
  options.skip_unreadable = arguments.text("on-error") == "skip";
  options.tee = arguments.on("tee");
  options.flush_timeout = bounded(arguments.duration("flush-timeout"));
  options.json_receipt = arguments.text("output") == "json";
  if (const auto receipt = arguments.maybe("receipt")) {
    auto format = Format::compile(*receipt, Format::Direction::write);
    if (!format) throw UsageError("--receipt: " + format.error().why, "mq help formats");
    options.receipt = std::move(*format);
  }
  return options;
}

std::unique_ptr<RecordSource> ProduceOptions::source_of() const {
  if (format) return format_source(source, format);
  switch (input) {
    case Input::json:
      return json_source(source);
    case Input::csv:
      return csv_source(source);
    case Input::raw:
      return raw_source(source);
    case Input::line:
      break;
  }
  return line_source(source);
}

constexpr std::string_view about_input = "What is read";
constexpr std::string_view about_records = "For every record that has none of its own";
constexpr std::string_view about_sending = "How it is sent";
constexpr std::string_view about_result = "What comes of it";

std::vector<Flag> produce_flags() {
  return {
      {.name = "message",
       .letter = 'm',
       .kind = Kind::text,
       .value = "TEXT",
       .help = "a value; stdin is not read",
       .repeatable = true,
       .section = about_input},
      {.name = "input",
       .kind = Kind::choice,
       .value = "HOW",
       .initial = "line",
       .help = "line; raw: all of it, or each file, is one record; json: envelopes; csv: the first row names "
               "key,value,header:x",
       .choices = "line|raw|json|csv",
       .section = about_input},
      {.name = "file-per-record", .help = "each FILE is one record", .section = about_input},
      {.name = "delimiter",
       .letter = 'D',
       .kind = Kind::text,
       .value = "S",
       .initial = "\\n",
       .help = "what ends a record",
       .section = about_input},
      {.name = "zero", .letter = '0', .help = "a zero byte ends a record", .section = about_input},
      {.name = "crlf",
       .help = "a carriage return before the delimiter is none of the record",
       .section = about_input},
      {.name = "key-separator",
       .letter = 'K',
       .kind = Kind::text,
       .value = "S",
       .help = "splits key from value where it first occurs",
       .section = about_input},
      {.name = "key-optional",
       .help = "with -K: a record without a separator has no key",
       .section = about_input},
      {.name = "format",
       .letter = 'f',
       .kind = Kind::text,
       .value = "F",
       .help = "read by a format: '%k\\t%v\\n'",
       .section = about_input},
      {.name = "key-encoding",
       .kind = Kind::choice,
       .value = "E",
       .initial = "raw",
       .help = "raw, hex or base64: decoded before it is sent",
       .choices = "raw|hex|base64",
       .section = about_input},
      {.name = "value-encoding",
       .kind = Kind::choice,
       .value = "E",
       .initial = "raw",
       .help = "raw, hex or base64",
       .choices = "raw|hex|base64",
       .section = about_input},
      {.name = "empty-null",
       .letter = 'Z',
       .help = "an empty value is a null, a tombstone",
       .section = about_input},
      {.name = "null-marker",
       .kind = Kind::text,
       .value = "S",
       .help = "this value means null",
       .section = about_input},
      {.name = "skip-empty", .help = "leave blank lines out", .section = about_input},
      {.name = "on-error",
       .kind = Kind::choice,
       .value = "WHAT",
       .initial = "stop",
       .help = "input that cannot be understood: stop, or skip it",
       .choices = "stop|skip",
       .section = about_input},
      {.name = "count",
       .letter = 'n',
       .kind = Kind::number,
       .value = "N",
       .help = "stop after N records",
       .section = about_input},
      {.name = "key",
       .letter = 'k',
       .kind = Kind::text,
       .value = "K",
       .help = "the key",
       .section = about_records},
      {.name = "header",
       .letter = 'H',
       .kind = Kind::text,
       .value = "K=V",
       .help = "a header",
       .repeatable = true,
       .section = about_records},
      {.name = "partition",
       .letter = 'p',
       .kind = Kind::number,
       .value = "N",
       .help = "the partition; otherwise by key, as Java's clients do, or spread in batches",
       .section = about_records},
      {.name = "timestamp",
       .kind = Kind::time,
       .value = "TIME",
       .help = "the time; otherwise now",
       .section = about_records},
      {.name = "keep",
       .kind = Kind::text,
       .value = "FIELDS",
       .help = "with --input json: partition, to write to the partition the envelope names",
       .section = about_records},
      {.name = "create",
       .kind = Kind::text,
       .value = "PARTS[:RF]",
       .help = "create the topic when it does not exist",
       .optional = true,
       .section = about_sending},
      {.name = "acks",
       .kind = Kind::choice,
       .value = "WHO",
       .initial = "all",
       .help = "who must have it: all, 1 or 0",
       .choices = "all|1|0",
       .section = about_sending},
      {.name = "compression",
       .letter = 'z',
       .kind = Kind::text,
       .value = "CODEC[:LEVEL]",
       .initial = "none",
       .help = "none, gzip, snappy, lz4 or zstd; every client reads none and gzip",
       .choices = "none|gzip|snappy|lz4|zstd",
       .section = about_sending},
      {.name = "batch",
       .kind = Kind::size,
       .value = "SIZE",
       .initial = "256KiB",
       .help = "the largest batch before compression",
       .section = about_sending},
      {.name = "linger",
       .kind = Kind::duration,
       .value = "DUR",
       .help = "wait this long for more (5ms; 0 on a terminal)",
       .section = about_sending},
      {.name = "inflight",
       .kind = Kind::number,
       .value = "N",
       .initial = "5",
       .help = "requests under way to each broker",
       .section = about_sending},
      {.name = "txn",
       .kind = Kind::text,
       .value = "ID",
       .help = "in one transaction: all of the input, or nothing",
       .optional = true,
       .section = about_sending},
      {.name = "txn-every",
       .kind = Kind::text,
       .value = "N|DUR",
       .help = "with --txn: a transaction for so many records, or so long",
       .section = about_sending},
      {.name = "rate",
       .kind = Kind::text,
       .value = "N/s|SIZE/s",
       .help = "not faster than this",
       .section = about_sending},
      {.name = "give-up",
       .kind = Kind::duration,
       .value = "DUR",
       .initial = "2m",
       .help = "fail a record that is not acknowledged by then",
       .section = about_sending},
      {.name = "flush-timeout",
       .kind = Kind::duration,
       .value = "DUR",
       .initial = "10s",
       .help = "after Ctrl-C: wait this long for acknowledgements",
       .section = about_sending},
      {.name = "receipt",
       .kind = Kind::text,
       .value = "F",
       .help = "print this for each acknowledged record: '%t[%p]@%o\\n'",
       .section = about_result},
      {.name = "output",
       .letter = 'o',
       .kind = Kind::choice,
       .value = "FMT",
       .initial = "none",
       .help = "json: a receipt for each acknowledged record",
       .choices = "none|json",
       .section = about_result},
      {.name = "tee", .help = "copy the input to stdout", .section = about_result},
  };
}

}  // namespace mq::cli
