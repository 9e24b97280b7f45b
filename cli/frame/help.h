// SPDX-License-Identifier: Apache-2.0
// The help, folded over the table of commands; and the help topics, which are prose. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/frame/command.h"

namespace mq::cli {

std::string help_text(const Command& command, bool full);  // -h: examples first; --help: everything
std::string noun_help(std::string_view noun);              // mq topic
std::string overview(bool full);                           // mq -h

std::string usage_line(const Command& command);  // "mq topic create TOPIC… [flags]"
std::string flag_names(const Flag& flag);        // "-o, --output FMT", "--[no-]headers", "--create[=PARTS]"

std::vector<std::string_view> help_topics();
std::optional<std::string> help_topic(std::string_view name);

}  // namespace mq::cli
