// SPDX-License-Identifier: Apache-2.0
#include "cli/frame/parse.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cstdlib>

#include "cli/frame/help.h"
#include "core/config/scalars.h"

namespace mq::cli {

namespace {

bool is_flag(std::string_view word) {
  return word.size() > 1 && word[0] == '-';
}

const Flag* find_flag(const std::vector<Flag>& flags, std::string_view name) {
  const auto found = std::find_if(flags.begin(), flags.end(), [&](const Flag& f) { return f.name == name; });
  return found == flags.end() ? nullptr : &*found;
}

const Flag* find_letter(const std::vector<Flag>& flags, char letter) {
  const auto found =
      std::find_if(flags.begin(), flags.end(), [&](const Flag& f) { return f.letter == letter; });
  return found == flags.end() ? nullptr : &*found;
}

bool takes_next(const Flag& flag) {
  return flag.kind != Kind::boolean && !flag.optional;
}

// Does this word want the next one as its value? `--from` does, `--from=1`, `-n5` and `--create` do not.
bool wants_value(const std::vector<Flag>& flags, std::string_view word) {
  if (!is_flag(word)) return false;
  if (word.starts_with("--")) {
    const Flag* flag = find_flag(flags, word.substr(2));
    return flag && takes_next(*flag);
  }
  for (std::size_t i = 1; i < word.size(); i++) {
    const Flag* flag = find_letter(flags, word[i]);
    if (flag && takes_next(*flag)) return i + 1 == word.size();
  }
  return false;
}

// The flags of every command whose name begins so: needed only to step over values while the command is not
// known yet.
std::vector<Flag> flags_below(std::string_view name) {
  std::vector<Flag> all;
  for (const Command* command : commands()) {
    if (!command->name.starts_with(name)) continue;
    for (const Flag& flag : flags_of(*command))
      if (!find_flag(all, flag.name)) all.push_back(flag);
  }
  return all;
}

// The places of the first two words that are neither flags nor values of flags, up to `--`.
std::vector<std::size_t> plain_words(const std::vector<std::string>& words) {
  std::vector<std::size_t> places;
  std::vector<Flag> flags;
  for (std::size_t i = 0; i < words.size() && words[i] != "--" && places.size() < 2; i++) {
    if (!is_flag(words[i])) {
      places.push_back(i);
      flags.clear();
      continue;
    }
    if (flags.empty()) flags = flags_below(places.empty() ? "" : unalias_first(words[places[0]]));
    if (wants_value(flags, words[i])) i++;
  }
  return places;
}

std::vector<std::string> without(const std::vector<std::string>& words,
                                 std::initializer_list<std::size_t> places) {
  std::vector<std::string> rest;
  for (std::size_t i = 0; i < words.size(); i++)
    if (std::find(places.begin(), places.end(), i) == places.end()) rest.push_back(words[i]);
  return rest;
}

[[noreturn]] void unknown_command(const std::string& word) {
  std::string hint = hint_for_command(word);
  std::vector<std::string_view> known = nouns();
  for (const Command* command : commands())
    if (!command->hidden && command->name.find(' ') == command->name.npos) known.push_back(command->name);
  const std::string_view near = core::closest(word, known);
  if (hint.empty() && !near.empty()) hint = "did you mean \"mq " + std::string(near) + "\"?";
  if (hint.empty()) hint = "all commands: mq help";
  throw UsageError("unknown command \"" + word + "\"", hint);
}

[[noreturn]] void unknown_verb(const std::string& noun, const std::string& word) {
  std::vector<std::string_view> verbs;
  std::string list;
  for (const Command* command : commands())
    if (command->name.starts_with(noun + " ")) {
      verbs.push_back(command->name.substr(noun.size() + 1));
      list += (list.empty() ? "" : ", ") + std::string(verbs.back());
    }
  const std::string_view near = core::closest(word, verbs);
  std::string hint = "it has: " + list;
  if (!near.empty()) {
    hint = "did you mean \"mq " + noun + " " + std::string(near) + "\"?";
  } else if (std::find(verbs.begin(), verbs.end(), "describe") != verbs.end()) {
    hint = "did you mean \"mq " + noun + " describe " + word + "\"?  \"mq " + noun + "\" has: " + list;
  }
  throw UsageError("\"mq " + noun + "\" has no command \"" + word + "\"", hint);
}

// ---- one command's words ----

std::string dashed(const Flag& flag) {
  return "--" + std::string(flag.name);
}

void check_choice(const Flag& flag, const std::string& value) {
  const auto choices = core::split(flag.choices, '|');
  if (std::find(choices.begin(), choices.end(), value) == choices.end()) throw no_choice(flag, value);
}

template <class T>
void check_parsed(const Flag& flag, const core::Parsed<T>& parsed) {
  if (!parsed) throw UsageError(dashed(flag) + ": " + parsed.error().why);
}

void check(const Flag& flag, const std::string& value) {
  switch (flag.kind) {
    case Kind::boolean:
      return check_parsed(flag, core::parse_bool(value));
    case Kind::number:
    case Kind::broker_id:
      return check_parsed(flag, core::parse_integer(value));
    case Kind::duration:
      return check_parsed(flag, core::parse_duration(value));
    case Kind::size:
      return check_parsed(flag, core::parse_size(value));
    case Kind::choice:
      return check_choice(flag, value);
    case Kind::setting:
      if (value.find('=') == value.npos || value[0] == '=')
        throw UsageError(dashed(flag) + ": " + in_quotes(value) + " is not KEY=VALUE");
      return;
    default:
      return;
  }
}

[[noreturn]] void unknown_flag(const Command& command, const std::vector<Flag>& flags,
                               const std::string& word) {
  const std::string bare = word.substr(0, word.find('='));
  std::string hint = hint_for_flag(command.name, bare);
  if (hint.empty() && bare.starts_with("--")) {
    std::vector<std::string_view> names;
    for (const Flag& flag : flags) names.push_back(flag.name);
    const std::string_view near = core::closest(bare.substr(2), names);
    if (!near.empty()) hint = "did you mean \"--" + std::string(near) + "\"?";
  }
  if (hint.empty()) hint = "all its flags: mq help " + std::string(command.name);
  throw UsageError("unknown flag " + in_quotes(bare) + " for mq " + std::string(command.name), hint);
}

// CLI11 takes `--null=` for a flag whose value follows; so the empty value becomes a word of its own.
// --no-input is taken by those, too, that have an --input of their own and ask nothing. A word that is itself
// a value stays as it is.
std::vector<std::string> prepared(const std::vector<Flag>& flags, const std::vector<std::string>& words) {
  const Flag* input = find_flag(flags, "input");
  const bool asks = input && input->kind == Kind::boolean;
  std::vector<std::string> rest;
  bool is_value = false, flags_ended = false;
  for (const std::string& word : words) {
    if (word == "--no-input" && !asks && !is_value && !flags_ended) continue;
    const bool looks_empty =
        word.starts_with("--") && word.ends_with('=') && word.find('=') + 1 == word.size();
    const std::string bare = looks_empty ? word.substr(0, word.size() - 1) : word;
    const bool split = looks_empty && !is_value && !flags_ended && wants_value(flags, bare);
    rest.push_back(split ? bare : word);
    if (split) rest.emplace_back();
    if (word == "--" && !is_value) flags_ended = true;
    is_value = !is_value && !split && !flags_ended && wants_value(flags, word);
  }
  return rest;
}

// Values are taken as they are given (`each`), before CLI11 reads meaning into `{}` or `[a,b]`.
void add_flag(CLI::App& app, const Flag& flag, std::vector<std::string>& values) {
  std::string names = dashed(flag);
  if (flag.letter) names = std::string("-") + flag.letter + "," + names;
  if (flag.kind == Kind::boolean) names += ",!--no-" + std::string(flag.name);
  CLI::Option* option = takes_next(flag) ? app.add_option(names, CLI::callback_t{}) : app.add_flag(names);
  if (takes_next(flag)) option->expected(1);
  option->allow_extra_args(false);
  option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  option->each([&values](const std::string& value) { values.push_back(value); });
}

// One option for each positional word, because a list would split `[a,b]`.
void add_positionals(CLI::App& app, std::size_t count, std::vector<std::string>& values) {
  for (std::size_t i = 0; i < count; i++) {
    CLI::Option* option = app.add_option("word" + std::to_string(i), CLI::callback_t{});
    option->expected(1);
    option->allow_extra_args(false);
    option->each([&values](const std::string& value) { values.push_back(value); });
  }
}

void check_count(const Command& command, const std::vector<std::string>& given) {
  std::size_t least = 0, most = 0;
  for (const Argument& argument : command.arguments) {
    least += argument.least;
    most = argument.most == any || most == any ? any : most + argument.most;
  }
  const std::string usage = usage_line(command);
  if (given.size() < least) {
    std::size_t skipped = 0, at = 0;
    while (skipped + command.arguments[at].least <= given.size()) skipped += command.arguments[at++].least;
    throw UsageError(std::string(command.arguments[at].name) + " is missing", "usage: " + usage);
  }
  if (given.size() > most)
    throw UsageError("too many arguments: " + in_quotes(given[most]), "usage: " + usage);
}

void take_environment(const Flag& flag, const Environment& environment, Arguments& arguments) {
  if (flag.env.empty() || arguments.given(flag.name)) return;
  const std::optional<std::string> value = environment(flag.env);
  if (!value || value->empty()) return;
  try {
    check(flag, *value);
  } catch (const UsageError& error) {
    throw UsageError(std::string(flag.env) + ", which stands in for " + error.what(), error.hint);
  }
  arguments.set(flag.name, {*value});
}

}  // namespace

Environment process_environment() {
  return [](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());
    return value ? std::optional<std::string>(value) : std::nullopt;
  };
}

std::vector<std::string_view> nouns() {
  std::vector<std::string_view> found;
  for (const Command* command : commands()) {
    const std::size_t space = command->name.find(' ');
    if (space == command->name.npos || command->hidden) continue;
    const std::string_view noun = command->name.substr(0, space);
    if (std::find(found.begin(), found.end(), noun) == found.end()) found.push_back(noun);
  }
  return found;
}

std::string_view unalias_first(std::string_view word) {
  if (word == "pub") return "produce";
  if (word == "sub") return "consume";
  if (word == "cp") return "copy";
  if (word.ends_with('s'))
    for (std::string_view noun : nouns())
      if (word.substr(0, word.size() - 1) == noun) return noun;
  return word;
}

std::string_view unalias_verb(std::string_view word) {
  if (word == "ls") return "list";
  if (word == "info") return "describe";
  if (word == "rm") return "delete";
  return word;
}

const Command* find_command(std::string_view name) {
  const auto named = [](std::string_view full) -> const Command* {
    for (const Command* command : commands())
      if (command->name == full) return command;
    return nullptr;
  };
  if (const Command* exact = named(name)) return exact;
  const std::size_t space = name.find(' ');
  const std::string first(unalias_first(name.substr(0, space)));
  if (space == name.npos) return named(first);
  const std::string_view verb = name.substr(space + 1);
  if (const Command* command = named(first + " " + std::string(verb))) return command;
  if (const Command* command = named(first + " " + std::string(unalias_verb(verb)))) return command;
  return verb == "list" ? named(first + " ls") : nullptr;
}

Found find(const std::vector<std::string>& words) {
  const std::vector<std::size_t> places = plain_words(words);
  if (places.empty()) return {nullptr, "", words};
  const std::string first(unalias_first(words[places[0]]));
  if (const Command* command = find_command(first)) return {command, "", without(words, {places[0]})};
  const std::vector<std::string_view> known = nouns();
  if (std::find(known.begin(), known.end(), first) == known.end()) unknown_command(words[places[0]]);
  if (places.size() < 2) return {nullptr, first, words};
  const std::string verb = words[places[1]];
  const Command* command = find_command(first + " " + verb);
  if (!command) unknown_verb(first, verb);
  return {command, "", without(words, {places[0], places[1]})};
}

Arguments parse(const Command& command, const std::vector<std::string>& words,
                const Environment& environment) {
  const std::vector<Flag> flags = flags_of(command);
  std::vector<std::string> rest = prepared(flags, words);
  std::vector<std::vector<std::string>> values(flags.size());
  std::vector<std::string> positional;
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  for (std::size_t i = 0; i < flags.size(); i++) add_flag(app, flags[i], values[i]);
  add_positionals(app, rest.size(), positional);
  try {
    std::reverse(rest.begin(), rest.end());
    app.parse(std::move(rest));
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string what = error.what();
    throw UsageError(what.substr(0, what.find(':')) + " needs a value",
                     "its flags: mq help " + std::string(command.name));
  } catch (const CLI::ParseError& error) {
    throw UsageError(error.what());
  }
  for (const std::string& left : app.remaining())
    if (left != "--") unknown_flag(command, flags, left);  // CLI11 counts the mark itself among them

  Arguments arguments(command);
  for (std::size_t i = 0; i < flags.size(); i++) {
    if (values[i].empty()) continue;
    const bool bare = flags[i].optional;  // CLI11 says "true" for an optional value that was left out
    for (const std::string& value : values[i])
      if (!bare || value != "true") check(flags[i], value);
    arguments.set(flags[i].name, std::move(values[i]));
  }
  for (std::string& word : positional) arguments.add_positional(std::move(word));
  check_count(command, arguments.positional());
  for (const Flag& flag : flags) take_environment(flag, environment, arguments);
  return arguments;
}

UsageError no_choice(const Flag& flag, std::string_view value) {
  const std::vector<std::string_view> choices = core::split(flag.choices, '|');
  std::string list;
  for (std::string_view choice : choices) list += (list.empty() ? "" : ", ") + std::string(choice);
  std::string hint = flag.name == "output" ? hint_for_output(std::string(value)) : std::string{};
  const std::string_view near = core::closest(value, choices);
  if (hint.empty())
    hint = (near.empty() ? "" : "did you mean " + in_quotes(near) + "?  ") + ("it is one of " + list);
  return UsageError(dashed(flag) + ": " + in_quotes(value) + " is not known", hint);
}

Help help_wanted(const std::vector<std::string>& words, const Command* command) {
  const std::vector<Flag> flags = command ? flags_of(*command) : std::vector<Flag>{};
  for (std::size_t i = 0; i < words.size() && words[i] != "--"; i++) {
    if (words[i] == "-h") return Help::brief;
    if (words[i] == "--help") return Help::full;
    if (wants_value(flags, words[i])) i++;
  }
  return Help::none;
}

}  // namespace mq::cli
