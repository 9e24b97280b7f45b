// SPDX-License-Identifier: Apache-2.0
#include "cli/frame/print.h"

namespace mq::cli {

namespace {

std::string compiler() {
#if defined(__clang__)
  return "clang " __clang_version__;
#else
  return "gcc " __VERSION__;
#endif
}

Exit run_version(Context& context, const Arguments& arguments) {
  Table table{.columns = {{"version", "VERSION"}, {"compiler", "COMPILER"}, {"features", "FEATURES"}},
              .name = "version"};
  table.page = [](const Context&, const json::object& row, bool exact) {
    std::string text = "mq " + std::string(row.at("version").get_string()) + "\n";
    if (exact) text += "compiler  " + std::string(row.at("compiler").get_string()) + "\n";
    return text;
  };
  json::object row{{"version", MQ_VERSION},
                   {"compiler", compiler()},
                   {"features", json::array{"gzip", "snappy", "lz4", "zstd"}}};
  return print(context, arguments, table, {std::move(row)}, Shape::single);
}

}  // namespace

extern const Command version{.name = "version",
                             .summary = "Show which version of mq this is.",
                             .uses = rows,
                             .examples = {{"mq version", "one line"}, {"mq version -o json", "for programs"}},
                             .see = "man mq",
                             .run = run_version};

}  // namespace mq::cli
