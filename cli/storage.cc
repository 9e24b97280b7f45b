// SPDX-License-Identifier: Apache-2.0
// Looks into a data directory that no broker uses.
#include <algorithm>

#include "cli/frame/print.h"
#include "core/admin/position.h"
#include "core/admin/selector.h"
#include "core/broker/storage_inspect.h"
#include "core/config/scalars.h"
#include "core/error.h"

namespace mq::cli {

namespace {

using storage::Inspection;
using Names = std::map<core::PartitionNumber, core::TopicPartition>;

// An open directory, and what its partitions are called.
struct Directory {
  explicit Directory(const std::string& path) try
      : inspection(core::inspect_storage(path)), names(core::partition_names(*inspection)) {
  } catch (const core::WrongStart& wrong) {
    throw FailureError({.exit = static_cast<Exit>(wrong.exit_code),
                        .message = wrong.what(),
                        .target = path,
                        .hint = wrong.exit_code == 7 ? "stop the broker first, or copy the directory" : ""});
  }

  void name(json::object& row, core::PartitionNumber number) const {
    const auto found = names.find(number);
    row["topic"] = nullptr;
    if (found != names.end()) row["topic"] = found->second.topic;
    if (found != names.end()) row["partition"] = found->second.partition;
    row["number"] = number;
  }

  std::unique_ptr<Inspection> inspection;
  Names names;
};

template <class T>
T must_read(storage::Result<T> answer, const std::string& path) {
  if (!answer)
    throw FailureError({.message = path + " cannot be read: " + answer.error().message(),
                        .target = path,
                        .hint = "mq storage verify " + path});
  return std::move(*answer);
}

// ---- ls ----

const Table partitions_table{.columns = {{"topic", "TOPIC"},
                                         {"partition", "PART"},
                                         {"number", "NUMBER", Unit::plain, true},
                                         {"start_offset", "START"},
                                         {"end_offset", "END"},
                                         {"batches", "BATCHES", Unit::count},
                                         {"size_bytes", "SIZE", Unit::bytes},
                                         {"segments", "SEGMENTS"}},
                             .name = "topic"};
const Table segments_table{.columns = {{"segment", "SEGMENT"},
                                       {"sealed", "SEALED"},
                                       {"partitions", "PARTITIONS"},
                                       {"batches", "BATCHES", Unit::count},
                                       {"file_bytes", "FILE", Unit::bytes},
                                       {"table_bytes", "TABLE", Unit::bytes},
                                       {"living_bytes", "LIVING", Unit::bytes}},
                           .name = "segment"};

Exit list_segments(Context& context, const Arguments& arguments, const Directory& directory,
                   const std::string& path) {
  std::vector<json::object> rows;
  for (const auto& segment : must_read(directory.inspection->segments(), path))
    rows.push_back({{"segment", segment.number},
                    {"sealed", segment.sealed},
                    {"partitions", segment.partitions},
                    {"batches", segment.batches},
                    {"batch_bytes", segment.batch_bytes},
                    {"living_bytes", segment.living_bytes},
                    {"file_bytes", segment.file_bytes},
                    {"table_bytes", segment.table_bytes}});
  return print(context, arguments, segments_table, std::move(rows));
}

Exit run_ls(Context& context, const Arguments& arguments) {
  const std::string& path = arguments.positional().front();
  const Directory directory(path);
  if (arguments.on("segments")) return list_segments(context, arguments, directory, path);
  std::vector<json::object> rows;
  for (const auto& partition : must_read(directory.inspection->partitions(), path)) {
    json::object row;
    directory.name(row, partition.number);
    row["start_offset"] = partition.start;
    row["end_offset"] = partition.end;
    row["batches"] = partition.batches;
    row["size_bytes"] = partition.bytes;
    row["segments"] = partition.segments;
    rows.push_back(std::move(row));
  }
  return print(context, arguments, partitions_table, std::move(rows));
}

// ---- dump ----

const Table dump_table{.columns = {{"segment", "SEGMENT"},
                                   {"position", "POSITION"},
                                   {"kind", "KIND"},
                                   {"topic", "TOPIC"},
                                   {"partition", "PART"},
                                   {"first_offset", "FIRST"},
                                   {"last_offset", "LAST"},
                                   {"timestamp", "TIME"},
                                   {"size_bytes", "SIZE"},
                                   {"living", "LIVING"}},
                       .name = "first_offset"};

struct Wanted {
  std::optional<admin::Selector> topic;
  std::int64_t from = INT64_MIN, to = INT64_MAX;

  bool has(const Inspection::Record& record, const Names& names) const {
    if (!topic) return record.last >= from && record.first < to;
    const auto name = names.find(record.partition);
    if (name == names.end() || !topic->matches(name->second.topic) || !topic->has(name->second.partition))
      return false;
    return record.last >= from && record.first < to;
  }
};

Wanted wanted_of(const Arguments& arguments) {
  Wanted wanted;
  if (arguments.positional().size() > 1) wanted.topic.emplace(arguments.positional()[1]);
  if (arguments.given("from")) wanted.from = arguments.number("from");
  if (arguments.given("to")) wanted.to = arguments.number("to");
  return wanted;
}

// A topic or partition that is named is there.
void check_there(const Wanted& wanted, const Directory& directory, const std::string& path) {
  const auto meant = [&](const auto& name) {
    return wanted.topic->matches(name.second.topic) && wanted.topic->has(name.second.partition);
  };
  if (!wanted.topic || std::ranges::any_of(directory.names, meant)) return;
  throw FailureError({.exit = Exit::not_found,
                      .message = "nothing in " + path + " is called " + in_quotes(wanted.topic->text()),
                      .target = wanted.topic->text(),
                      .hint = "what there is: mq storage ls " + path});
}

json::object row_of(const Inspection::Record& record, const Directory& directory) {
  json::object row{{"segment", record.segment}, {"position", record.position}, {"kind", record.kind}};
  if (record.partition != 0) directory.name(row, record.partition);
  if (record.kind == "batch" || record.kind == "truncate" || record.kind == "trim")
    row["first_offset"] = record.first;
  if (record.kind == "batch") row["last_offset"] = record.last;
  if (record.time_max >= 0) row["timestamp"] = admin::format_time(record.time_max);
  row["size_bytes"] = record.size;
  if (record.kind == "batch") row["living"] = record.living;
  return row;
}

Exit run_dump(Context& context, const Arguments& arguments) {
  const std::string& path = arguments.positional().front();
  const Wanted wanted = wanted_of(arguments);
  const Layout layout = Layout::from(context, arguments);
  const bool stream = layout.format == "jsonl" && layout.sort.empty() && layout.fields.empty();
  const Directory directory(path);
  check_there(wanted, directory, path);
  std::vector<json::object> rows;
  std::size_t count = 0;
  for (const auto& segment : must_read(directory.inspection->segments(), path)) {
    const auto visit = [&](const Inspection::Record& record) {
      if (!wanted.has(record, directory.names)) return true;
      if (layout.sort.empty() && count >= layout.limit) return false;
      count++;
      if (stream) return context.write(json::serialize(row_of(record, directory)) + "\n");
      rows.push_back(row_of(record, directory));
      return true;
    };
    if (const auto error = directory.inspection->dump(segment.number, visit))
      return report(context, {.message = "segment " + std::to_string(segment.number) +
                                         " cannot be read further: " + error.message(),
                              .target = path,
                              .hint = "mq storage verify " + path});
  }
  return stream ? Exit::ok : print(context, arguments, dump_table, std::move(rows));
}

// ---- verify ----

json::object problem_row(const Inspection::Problem& problem, const Directory& directory) {
  json::object row{{"file", problem.file.string()}, {"position", problem.position}};
  if (problem.partition != 0) directory.name(row, problem.partition);
  if (problem.from != problem.to) {
    row["from_offset"] = problem.from;
    row["to_offset"] = problem.to;
  }
  row["what"] = problem.what;
  return row;
}

std::string verify_page(const Context& context, const json::object& row, bool exact) {
  const json::array& problems = row.at("problems").get_array();
  const bool good = problems.empty();
  const auto number = [&](std::string_view field) { return row.at(field).to_number<std::int64_t>(); };
  std::string text = context.unicode ? (good ? "✓ " : "✗ ") : "";
  text += counted(number("segments"), "segment") + ", " + counted(number("batches"), "batch", exact) + ", " +
          human_bytes(number("bytes"), exact) + ": " +
          (good ? "no damage" : counted(static_cast<std::int64_t>(problems.size()), "problem")) + "\n";
  if (number("torn_bytes") > 0)
    text += "  " + human_bytes(number("torn_bytes"), exact) +
            " at the end were never acknowledged; a start drops them\n";
  for (const json::value& value : problems) {
    const json::object& problem = value.get_object();
    text += "  " + std::string(problem.at("file").get_string()) + " at " +
            json::serialize(problem.at("position")) + ": " + std::string(problem.at("what").get_string());
    if (const json::value* topic = problem.if_contains("topic"); topic && topic->is_string())
      text += ", " + std::string(topic->get_string()) + "[" + json::serialize(problem.at("partition")) + "]";
    if (problem.contains("from_offset"))
      text += " offsets " + json::serialize(problem.at("from_offset")) + " to " +
              json::serialize(problem.at("to_offset"));
    text += "\n";
  }
  return text;
}

Exit run_verify(Context& context, const Arguments& arguments) {
  const std::string& path = arguments.positional().front();
  const Directory directory(path);
  const Inspection::Verified verified = core::verify_storage(*directory.inspection, path);
  json::array problems;
  for (const auto& problem : verified.problems) problems.push_back(problem_row(problem, directory));
  json::object row{{"segments", verified.segments},
                   {"batches", verified.batches},
                   {"bytes", verified.bytes},
                   {"torn_bytes", verified.torn_bytes},
                   {"problems", std::move(problems)}};
  const Table table{.columns = {{"segments", "SEGMENTS"},
                                {"batches", "BATCHES"},
                                {"bytes", "BYTES"},
                                {"torn_bytes", "TORN"}},
                    .name = "segments",
                    .page = verify_page};
  const Exit exit = verified.problems.empty() ? Exit::ok : Exit::condition;
  return print(context, arguments, table, {std::move(row)}, Shape::single, exit);
}

}  // namespace

extern const Command storage_ls{
    .name = "storage ls",
    .summary = "List what lies in a data directory.",
    .arguments = {{"DIR", Kind::directory}},
    .uses = rows,
    .examples = {{"mq storage ls /var/lib/mq", "partitions, their offsets and sizes"},
                 {"mq storage ls /var/lib/mq --segments", "the files they share"}},
    .flags = {{.name = "segments", .help = "the journal's segments instead of the partitions"}},
    .see = "man mq-storage",
    .run = run_ls};

extern const Command storage_dump{
    .name = "storage dump",
    .summary = "Print the journal's records: batches, and what was trimmed or truncated.",
    .arguments = {{"DIR", Kind::directory}, {"TOPIC[:PARTS]", Kind::text, 0, 1}},
    .uses = rows,
    .examples = {{"mq storage dump /var/lib/mq orders:0", "the batches of a partition"},
                 {"mq storage dump /var/lib/mq -o jsonl", "all of it, an object a line as it is read"}},
    .flags = {{.name = "from",
               .kind = Kind::number,
               .value = "OFFSET",
               .help = "batches that hold this offset or later ones"},
              {.name = "to", .kind = Kind::number, .value = "OFFSET", .help = "batches before this offset"}},
    .see = "man mq-storage",
    .run = run_dump};

extern const Command storage_verify{
    .name = "storage verify",
    .summary = "Read everything in a data directory and check it.",
    .arguments = {{"DIR", Kind::directory}},
    .uses = rows,
    .examples = {{"mq storage verify /var/lib/mq", "every checksum; exit code 9 when something is damaged"}},
    .more =
        "Repairs nothing, and needs no right to write. Says file, position, partition and offsets of what "
        "cannot be read.",
    .see = "man mq-storage",
    .run = run_verify};

}  // namespace mq::cli
