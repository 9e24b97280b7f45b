// SPDX-License-Identifier: Apache-2.0
#include "cli/frame/command.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "cli/frame/help.h"
#include "cli/frame/parse.h"
#include "core/config/scalars.h"

namespace mq::cli {

namespace {

constexpr std::string_view about_connection = "Connection";
constexpr std::string_view about_output = "Output";
constexpr std::string_view about_safety = "Safety";
constexpr std::string_view about_everything = "Everywhere";

// The flags that many commands share, each group once.
struct Shared {
  unsigned uses;
  Flag flag;
  bool everywhere = false;  // every command takes it, whether it uses it or not
};

const std::vector<Shared>& shared_flags() {
  static const std::vector<Shared> flags{
      {connects,
       {.name = "brokers",
        .letter = 'b',
        .kind = Kind::broker,
        .value = "HOST:PORT[,…]",
        .initial = "127.0.0.1:9092",
        .help = "brokers to ask first",
        .env = "MQ_BROKERS",
        .section = about_connection},
       true},
      {connects,
       {.name = "property",
        .letter = 'X',
        .kind = Kind::text,
        .value = "KEY=VALUE",
        .help = "a client property by its Kafka name; -X list prints those honoured",
        .repeatable = true,
        .section = about_connection},
       true},
      {connects,
       {.name = "timeout",
        .kind = Kind::duration,
        .value = "DUR",
        .initial = "10s",
        .help = "for the whole command; connecting is given 3 s for each address",
        .env = "MQ_TIMEOUT",
        .section = about_connection},
       true},
      {rows,
       {.name = "output",
        .letter = 'o',
        .kind = Kind::choice,
        .value = "FMT",
        .initial = "table",
        .help = "table, wide, json, jsonl, yaml, csv, tsv or name",
        .choices = "table|wide|json|jsonl|yaml|csv|tsv|name",
        .env = "MQ_OUTPUT",
        .section = about_output},
       true},
      {rows,
       {.name = "columns",
        .kind = Kind::text,
        .value = "A,B,…",
        .help = "only these fields, by their JSON names",
        .section = about_output}},
      {rows,
       {.name = "sort",
        .kind = Kind::text,
        .value = "[-]FIELD",
        .help = "by this field; '-' for the largest first",
        .section = about_output}},
      {rows,
       {.name = "limit",
        .kind = Kind::number,
        .value = "N",
        .help = "at most N rows",
        .section = about_output}},
      {rows,
       {.name = "headers",
        .initial = "true",
        .help = "leave out the line that names the columns",
        .section = about_output}},
      {rows, {.name = "exact", .help = "exact numbers in tables, too", .section = about_output}},
      {changes,
       {.name = "yes",
        .letter = 'y',
        .help = "go ahead without asking",
        .env = "MQ_YES",
        .section = about_safety},
       true},
      {changes,
       {.name = "confirm",
        .kind = Kind::text,
        .value = "NAME|N",
        .help = "what would have to be typed before a severe change",
        .section = about_safety}},
      {changes,
       {.name = "dry-run", .help = "say what would be done, and change nothing", .section = about_safety}},
      {changes,
       {.name = "input", .initial = "true", .help = "never ask, even on a terminal", .section = about_safety},
       true},
      {nothing,
       {.name = "quiet", .letter = 'q', .help = "only errors on stderr", .section = about_everything}},
      {nothing,
       {.name = "verbose",
        .letter = 'v',
        .help = "say on stderr what is done; twice for more",
        .repeatable = true,
        .section = about_everything}},
      {nothing,
       {.name = "color",
        .kind = Kind::choice,
        .value = "WHEN",
        .initial = "auto",
        .help = "auto, always or never",
        .choices = "auto|always|never",
        .env = "MQ_COLOR",
        .section = about_everything}},
      {nothing,
       {.name = "utc",
        .help = "show times in UTC, not in the local zone",
        .env = "MQ_UTC",
        .section = about_everything}},
      {nothing,
       {.name = "help",
        .letter = 'h',
        .help = "-h: short help; --help: all of it",
        .section = about_everything}},
  };
  return flags;
}

}  // namespace

std::vector<Flag> flags_of(const Command& command) {
  std::vector<Flag> all = command.flags;
  const auto taken = [&](const Flag& shared) {
    return std::any_of(command.flags.begin(), command.flags.end(), [&](const Flag& own) {
      return own.name == shared.name || (own.letter && own.letter == shared.letter);
    });
  };
  for (const Shared& shared : shared_flags()) {
    const bool used = shared.uses == nothing || (command.uses & shared.uses);
    if (taken(shared.flag) || !(used || shared.everywhere)) continue;
    Flag& flag = all.emplace_back(shared.flag);
    flag.idle = !used;
    if (!used) flag.env = {};
  }
  return all;
}

Arguments::Arguments(const Command& command) : flags_(flags_of(command)) {}

const Flag& Arguments::flag(std::string_view name) const {
  const auto found =
      std::find_if(flags_.begin(), flags_.end(), [&](const Flag& f) { return f.name == name; });
  if (found == flags_.end()) {
    std::fprintf(stderr, "mq: bug: this command has no flag --%.*s\n", static_cast<int>(name.size()),
                 name.data());
    std::abort();
  }
  return *found;
}

void Arguments::set(std::string_view name, std::vector<std::string> values) {
  values_.insert_or_assign(std::string(name), std::move(values));
}

bool Arguments::given(std::string_view name) const {
  return values_.contains(flag(name).name);
}

bool Arguments::on(std::string_view name) const {
  const Flag& asked = flag(name);
  const auto found = values_.find(name);
  if (found == values_.end()) return asked.initial == "true";
  if (asked.kind != Kind::boolean) return true;
  const auto value = core::parse_bool(found->second.back());
  return value && *value;
}

bool Arguments::has_value(std::string_view name) const {
  return given(name) && all(name).back() != "true";
}

std::string Arguments::text(std::string_view name) const {
  const Flag& asked = flag(name);
  const auto found = values_.find(name);
  const bool left_out = found == values_.end() || (asked.optional && found->second.back() == "true");
  return left_out ? std::string(asked.initial) : found->second.back();
}

const std::vector<std::string>& Arguments::all(std::string_view name) const {
  static const std::vector<std::string> none;
  flag(name);
  const auto found = values_.find(name);
  return found == values_.end() ? none : found->second;
}

std::vector<std::string> Arguments::chosen(std::string_view name) const {
  const Flag& asked = flag(name);
  const auto choices = core::split(asked.choices, '|');
  const auto lower = [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); };
  std::vector<std::string> found;
  for (const std::string& list : all(name))
    for (const std::string_view word : core::split(list, ',')) {
      const auto same = std::ranges::find_if(choices, [&](std::string_view choice) {
        return std::ranges::equal(choice, word, {}, lower, lower);
      });
      if (same == choices.end()) throw no_choice(asked, word);
      found.emplace_back(*same);
    }
  return found;
}

std::int64_t Arguments::number(std::string_view name) const {
  const auto value = core::parse_integer(text(name));
  return value ? *value : 0;
}

std::chrono::milliseconds Arguments::duration(std::string_view name) const {
  const auto value = core::parse_duration(text(name));
  return value ? std::chrono::milliseconds(*value) : std::chrono::milliseconds(0);
}

std::int64_t Arguments::size(std::string_view name) const {
  const auto value = core::parse_size(text(name));
  return value ? static_cast<std::int64_t>(*value) : 0;
}

std::optional<std::string> Arguments::maybe(std::string_view name) const {
  if (!given(name)) return std::nullopt;
  return all(name).back();
}

namespace {

void set_color(Context& context, const Arguments& arguments, const Environment& environment) {
  const auto set = [&](std::string_view name) {
    const auto value = environment(name);
    return value && !value->empty();
  };
  const bool dumb = environment("TERM").value_or("") == "dumb";
  context.color_out = context.out_tty && !dumb && !set("NO_COLOR");
  context.color_err = context.err_tty && !dumb && !set("NO_COLOR");
  if (set("FORCE_COLOR") && !set("NO_COLOR")) context.color_out = context.color_err = true;
  const std::string when = arguments.text("color");
  if (when == "always") context.color_out = context.color_err = true;
  if (when == "never") context.color_out = context.color_err = false;
}

// `-X list` is answered, not used.
constexpr std::pair<std::string_view, std::string_view> honoured[] = {
    {"bootstrap.servers", "as --brokers"},
    {"client.id", "the name the broker sees; mq by default"},
    {"request.timeout.ms", "for one request; 30000 by default"},
};

std::string list_of_properties() {
  std::string text;
  for (const auto& [name, meaning] : honoured) text += std::string(name) + "\t" + std::string(meaning) + "\n";
  return text;
}

// `mq -X list`: no command is needed to ask that.
bool asks_for_properties(const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); i++) {
    const bool flag = words[i] == "-X" || words[i] == "--property";
    if (flag && i + 1 < words.size() && words[i + 1] == "list") return true;
    if (words[i] == "-Xlist" || words[i] == "--property=list") return true;
  }
  return false;
}

std::optional<Exit> take_properties(Context& context, const Arguments& arguments) {
  std::vector<std::string_view> names;
  for (const auto& [name, meaning] : honoured) names.push_back(name);
  for (const std::string& given : arguments.all("property")) {
    if (given == "list") return context.answer(list_of_properties());
    const std::size_t equals = given.find('=');
    if (equals == given.npos) throw UsageError("-X " + in_quotes(given) + " is not KEY=VALUE");
    const std::string key = given.substr(0, equals);
    if (std::find(names.begin(), names.end(), key) == names.end()) {
      const std::string_view near = core::closest(key, names);
      throw UsageError("client property " + in_quotes(key) + " is not known",
                       near.empty() ? "those honoured: mq -X list" : "did you mean " + in_quotes(near) + "?");
    }
    context.properties[key] = given.substr(equals + 1);
  }
  return std::nullopt;
}

constexpr auto timeout_max = std::chrono::hours(24 * 365);  // `inf`: long enough, and can be added to a time

// The flags that every command has, from the arguments into the context.
std::optional<Exit> prepare(Context& context, const Command& command, const Arguments& arguments,
                            const Environment& environment) {
  context.quiet = arguments.on("quiet");
  context.verbose = static_cast<int>(arguments.all("verbose").size());
  if (const auto level = environment("MQ_VERBOSE"); level && !arguments.given("verbose"))
    context.verbose = std::atoi(level->c_str());
  if (environment("MQ_DEBUG").value_or("") == "1") context.verbose = 2;
  context.utc = arguments.on("utc");
  set_color(context, arguments, environment);
  const std::vector<Flag> flags = flags_of(command);
  const bool prints =
      std::any_of(flags.begin(), flags.end(), [](const Flag& f) { return f.name == "output" && !f.idle; });
  if (prints) context.output = arguments.text("output");
  if (command.uses & changes) context.no_input = !arguments.on("input");
  if (const auto never = environment("MQ_NO_INPUT"); never && !never->empty()) context.no_input = true;
  if (const auto done = take_properties(context, arguments)) return done;
  if (!(command.uses & connects)) return std::nullopt;
  context.brokers = arguments.text("brokers");
  context.timeout = std::min<std::chrono::milliseconds>(arguments.duration("timeout"), timeout_max);
  if (context.timeout.count() <= 0) throw UsageError("--timeout: it must be longer than nothing", "like 10s");
  const auto servers = context.properties.find("bootstrap.servers");
  if (servers != context.properties.end() && !arguments.given("brokers")) context.brokers = servers->second;
  return std::nullopt;
}

// Errors of the command line come before -o was read; programs still want them as JSON.
void guess_output(Context& context, const std::vector<std::string>& words, const Environment& environment) {
  context.output = environment("MQ_OUTPUT").value_or("table");
  for (std::size_t i = 0; i < words.size() && words[i] != "--"; i++) {
    const std::string& word = words[i];
    if ((word == "-o" || word == "--output") && i + 1 < words.size()) context.output = words[i + 1];
    if (word.starts_with("--output=")) context.output = word.substr(9);
    if (word.starts_with("-o") && word.size() > 2) context.output = word.substr(2);
  }
}

std::string help_for(const Found& found, bool full) {
  if (found.command) return help_text(*found.command, full);
  return found.noun.empty() ? overview(full) : noun_help(found.noun);
}

// Completion gets half-written lines: nothing in them is checked.
Exit run_unchecked(Context& context, const Found& found) {
  Arguments raw(*found.command);
  for (const std::string& word : found.words) raw.add_positional(word);
  return found.command->run(context, raw);
}

Exit run_command(Context& context, const std::vector<std::string>& words, const Environment& environment) {
  Found found = find(words);
  const bool nothing_named = !found.command && found.noun.empty();
  if (nothing_named && std::ranges::count(words, "--version") > 0) found = {find_command("version"), "", {}};
  if (found.command && found.command->hidden) return run_unchecked(context, found);
  const Help help = help_wanted(found.words, found.command);
  if (help != Help::none) return context.answer(help_for(found, help == Help::full));
  if (!found.command) {
    if (found.noun.empty() && asks_for_properties(words)) return context.answer(list_of_properties());
    if (found.noun.empty() && !words.empty())
      throw UsageError("a command is missing", "all commands: mq help");
    context.say(help_for(found, false));
    return Exit::usage;
  }
  const Arguments arguments = parse(*found.command, found.words, environment);
  if (arguments.on("help")) return context.answer(help_for(found, false));
  if (const auto done = prepare(context, *found.command, arguments, environment)) return *done;
  return found.command->run(context, arguments);
}

// To plugins of monitoring 2 means that what they look at is critical, 3 that they do not know.
constexpr auto unknown_state = static_cast<Exit>(3);
bool is_check(const std::vector<std::string>& words) {
  return !words.empty() && words.front() == "check";
}

}  // namespace

Exit run(Context& context, const std::vector<std::string>& words) {
  const Environment environment = process_environment();
  guess_output(context, words, environment);
  Exit exit = Exit::ok;
  try {
    exit = run_command(context, words, environment);
  } catch (const UsageError& error) {
    const Exit reported = report(context, {.exit = Exit::usage, .message = error.what(), .hint = error.hint});
    return is_check(words) ? unknown_state : reported;
  } catch (const FailureError& error) {
    return report(context, error.failure);
  } catch (const std::exception& error) {
    return report(context, {.message = std::string("internal error: ") + error.what(),
                            .hint = "this is a bug; please report what you typed"});
  }
  if (context.write_error == 0 || context.write_error == EPIPE || exit != Exit::ok) return exit;
  return report(context,
                {.message = std::string("could not write to stdout: ") + std::strerror(context.write_error)});
}

}  // namespace mq::cli
