// SPDX-License-Identifier: Apache-2.0
#include "cli/records/filter_flags.h"

namespace mq::cli {
namespace {

constexpr std::string_view about_filters = "Which records";

}  // namespace

std::vector<Flag> filter_flags() {
  return {
      {.name = "grep",
       .kind = Kind::text,
       .value = "RE",
       .help = "those in whose value this regular expression is found (RE2)",
       .repeatable = true,
       .section = about_filters},
      {.name = "key",
       .kind = Kind::text,
       .value = "GLOB",
       .help = "those whose key is like this: 'eu-*'",
       .repeatable = true,
       .section = about_filters},
      {.name = "header",
       .kind = Kind::text,
       .value = "K[=GLOB]",
       .help = "those that have this header, or one like this: 'trace=ab*'",
       .repeatable = true,
       .section = about_filters},
      {.name = "where",
       .kind = Kind::text,
       .value = "EXPR",
       .help = "those for which this holds: '.user.id == 42 && key =~ \"^eu-\"'; mq help filters",
       .repeatable = true,
       .section = about_filters},
      {.name = "invert", .help = "those for which not all of that holds", .section = about_filters},
  };
}

admin::Filter filter_from_flags(const Arguments& arguments) {
  admin::FilterTexts texts;
  texts.grep = arguments.all("grep");
  texts.key = arguments.all("key");
  texts.header = arguments.all("header");
  texts.where = arguments.all("where");
  texts.invert = arguments.on("invert");
  try {
    return admin::Filter(texts, "--");
  } catch (const UsageError& error) {
    throw UsageError(error.what(), error.hint.empty() ? "mq help filters" : error.hint);
  }
}

}  // namespace mq::cli
