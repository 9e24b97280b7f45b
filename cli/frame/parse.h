// SPDX-License-Identifier: Apache-2.0
// From words to a command and its arguments, over the table of commands. Pure but for the environment it is
// given. CLI11 splits the words; which flags there are, what their values may be and what is said about
// mistakes is ours.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/frame/command.h"

namespace mq::cli {

using Environment = std::function<std::optional<std::string>(std::string_view)>;
Environment process_environment();

// Which command the words mean, and the words without its name. Words before and between the name's may be
// flags.
struct Found {
  const Command* command = nullptr;  // null: see `noun`
  std::string noun;                  // a noun without verb; empty when there was no word at all
  std::vector<std::string> words;    // what remains, in order
};
Found find(const std::vector<std::string>& words);  // throws UsageError with a suggestion

// Flags and positional arguments of the command, checked. Throws UsageError.
Arguments parse(const Command& command, const std::vector<std::string>& words,
                const Environment& environment);

// What is wrong with a word that is not among the flag's choices; its hint names them.
UsageError no_choice(const Flag& flag, std::string_view value);

// Is -h or --help among the words, and not as a value of another flag? `command` may be null.
enum class Help { none, brief, full };
Help help_wanted(const std::vector<std::string>& words, const Command* command);

// "topics" → "topic", "ls" → "list", "pub" → "produce"; anything else is itself.
std::string_view unalias_first(std::string_view word);
std::string_view unalias_verb(std::string_view word);

std::vector<std::string_view> nouns();  // the first words of the commands that have two

// What people of Kafka's scripts and kcat type, as this program says it: a hint, or nothing.
std::string hint_for_flag(std::string_view command, std::string_view flag);
std::string hint_for_output(std::string_view value);  // -o beginning
std::string hint_for_command(std::string_view word);  // kafka-topics, -C

}  // namespace mq::cli
