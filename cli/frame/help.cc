// SPDX-License-Identifier: Apache-2.0
#include "cli/frame/help.h"

#include <algorithm>

#include "cli/frame/parse.h"
#include "cli/frame/print.h"

namespace mq::cli {

namespace {

constexpr std::string_view own_section = "Flags";

std::string indented(const std::vector<std::vector<std::string>>& lines) {
  std::string text;
  const std::string block = aligned(lines, {});
  for (std::size_t from = 0, to; (to = block.find('\n', from)) != block.npos; from = to + 1)
    text += "  " + block.substr(from, to - from) + "\n";
  return text;
}

bool is_own(const Command& command, const Flag& flag) {
  return std::any_of(command.flags.begin(), command.flags.end(),
                     [&](const Flag& own) { return own.name == flag.name; });
}

std::string explanation(const Flag& flag, bool full) {
  const std::string text(flag.help);
  std::string extra;
  const auto add = [&](const std::string& part) { extra += (extra.empty() ? "" : "; ") + part; };
  const bool negative =
      flag.kind == Kind::boolean && flag.initial == "true";  // shown, and explained, as --no-…
  if (!flag.initial.empty() && !negative) add("default " + std::string(flag.initial));
  if (flag.repeatable && flag.kind != Kind::boolean) add("may be repeated");
  if (full && !flag.env.empty()) add("env " + std::string(flag.env));
  return extra.empty() ? text : text + " (" + extra + ")";
}

// Flags under their headings, in the order the headings first appear.
std::string flag_sections(const Command& command, bool full) {
  std::vector<std::pair<std::string_view, std::vector<std::vector<std::string>>>> sections;
  for (const Flag& flag : flags_of(command)) {
    if (flag.idle || (!full && !is_own(command, flag))) continue;
    const std::string_view title = flag.section.empty() ? own_section : flag.section;
    auto found =
        std::find_if(sections.begin(), sections.end(), [&](const auto& s) { return s.first == title; });
    if (found == sections.end()) found = sections.insert(sections.end(), {title, {}});
    found->second.push_back({flag_names(flag), explanation(flag, full)});
  }
  std::string text;
  for (const auto& [title, lines] : sections) text += "\n" + std::string(title) + "\n" + indented(lines);
  return text;
}

std::string shared_letters(const Command& command) {
  std::string text;
  for (const Flag& flag : flags_of(command))
    if (!is_own(command, flag) && !flag.idle && flag.name != "help")
      text += std::string(" ") + (flag.letter              ? std::string("-") + flag.letter
                                  : flag.initial == "true" ? "--no-" + std::string(flag.name)
                                                           : "--" + std::string(flag.name));
  return text;
}

std::string examples(const Command& command) {
  std::vector<std::vector<std::string>> lines;
  for (const Example& example : command.examples)
    lines.push_back({std::string(example.line), std::string(example.says)});
  return lines.empty() ? std::string{} : "\n" + indented(lines);
}

std::string list_of(const std::vector<const Command*>& wanted) {
  std::vector<std::vector<std::string>> lines;
  for (const Command* command : wanted)
    lines.push_back({"mq " + std::string(command->name), std::string(command->summary)});
  return indented(lines);
}

}  // namespace

std::string usage_line(const Command& command) {
  std::string text = "mq " + std::string(command.name);
  for (const Argument& argument : command.arguments) {
    const std::string name = std::string(argument.name) + (argument.most == any ? "…" : "");
    text += argument.least == 0 ? " [" + name + "]" : " " + name;
  }
  return text + " [flags]";
}

std::string flag_names(const Flag& flag) {
  std::string text = flag.letter ? std::string("-") + flag.letter + ", " : std::string("    ");
  if (flag.name == "help") return "-h, --help";
  if (flag.kind == Kind::boolean)
    return text + (flag.initial == "true" ? "--no-" : "--") + std::string(flag.name);
  const std::string value = flag.value.empty() ? "VALUE" : std::string(flag.value);
  return text + "--" + std::string(flag.name) + (flag.optional ? "[=" + value + "]" : " " + value);
}

std::string help_text(const Command& command, bool full) {
  std::string text =
      std::string(command.summary) + "\n" + examples(command) + "\nUsage: " + usage_line(command) + "\n";
  if (full && !command.more.empty()) text += "\n" + std::string(command.more) + "\n";
  text += flag_sections(command, full);
  const std::string all = "mq " + std::string(command.name) + " --help";
  if (!full) text += "\nAs everywhere:" + shared_letters(command) + "   (" + all + ")\n";
  if (!command.see.empty()) text += "\nMore: " + std::string(command.see) + "\n";
  return text;
}

std::string noun_help(std::string_view noun) {
  std::vector<const Command*> wanted;
  for (const Command* command : commands())
    if (command->name.starts_with(std::string(noun) + " ")) wanted.push_back(command);
  return "Usage: mq " + std::string(noun) + " VERB [flags]\n\n" + list_of(wanted) + "\nMore: mq help " +
         std::string(noun) + " VERB, man mq-" + std::string(noun) + "\n";
}

std::string overview(bool full) {
  std::vector<const Command*> first, second;
  for (const Command* command : commands()) {
    if (command->hidden) continue;
    (command->name.find(' ') == command->name.npos ? first : second).push_back(command);
  }
  std::string text =
      "mq: a message queue that speaks Kafka's protocol; one program, broker and tools.\n\n"
      "  mq serve --dev                          a broker to try things with\n"
      "  echo hello | mq produce test --create   write\n"
      "  mq consume test -e                      read everything, then exit\n"
      "  mq tail test                            look at what is happening now\n\n"
      "Usage: mq COMMAND [ARG…] [flags]\n\n" +
      list_of(first) + "\n" + list_of(second);
  if (full) {
    text += "\nHelp topics (mq help TOPIC)\n ";
    for (std::string_view topic : help_topics()) text += " " + std::string(topic);
    text += "\n";
  }
  return text +
         "\nMore: mq COMMAND -h for a command, mq help TOPIC for: formats positions selectors exit-codes\n"
         "environment pipes from-kafka from-kcat; man mq\n";
}

namespace {

Exit run_help(Context& context, const Arguments& arguments) {
  std::string name;
  for (const std::string& word : arguments.positional()) name += (name.empty() ? "" : " ") + word;
  if (name.empty()) return context.answer(overview(true));
  if (const auto topic = help_topic(name)) return context.answer(*topic);
  if (const Command* command = find_command(name)) return context.answer(help_text(*command, true));
  const std::vector<std::string_view> known = nouns();
  const std::string_view noun = unalias_first(name);
  if (std::find(known.begin(), known.end(), noun) != known.end()) return context.answer(noun_help(noun));
  const Found found = find(arguments.positional());  // throws with a suggestion
  return context.answer(found.command ? help_text(*found.command, true) : noun_help(found.noun));
}

}  // namespace

extern const Command help{.name = "help",
                          .summary = "Explain a command or a topic.",
                          .arguments = {{"CMD|TOPIC", Kind::command, 0, 2}},
                          .examples = {{"mq help topic create", "a command, with all its flags"},
                                       {"mq help positions", "what --from and its like take"},
                                       {"mq help from-kafka", "what Kafka's scripts are called here"}},
                          .see = "man mq",
                          .run = run_help};

}  // namespace mq::cli
