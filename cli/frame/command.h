// SPDX-License-Identifier: Apache-2.0
// A command as data: its name, arguments, flags, examples and the function that runs it. The parser, the
// help, the completions and the check of the man pages fold over this data; nothing about a flag is written
// twice.
//
// A command file ends with `extern const Command topic_list{…};` and has one row in commands.cc. Everything
// here is used by one thread, that of main().
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/frame/errors.h"

namespace mq::cli {

// What a value is: the parser checks it, completion offers it.
enum class Kind {
  boolean,  // --x and --no-x, no value
  text,
  number,
  duration,  // 250ms 10s 1h30m inf
  size,      // 64k 10MiB
  time,      // RFC 3339, -90m, now
  position,  // start end stored +N -N @TIME
  choice,    // one of `choices`
  topic,     // a topic, and where the command takes it a pattern or TOPIC:PARTITIONS
  group,
  broker,
  broker_id,       // a broker's number
  reassignment,    // TOPIC:PARTITIONS=BROKER,BROKER
  config_key,      // a topic setting's name
  setting,         // a topic setting as KEY=VALUE
  broker_key,      // a key of the broker's configuration file
  broker_setting,  // a broker setting by Kafka's name, or as KEY=VALUE
  file,
  directory,
  command,  // a command or help topic, for `mq help`
};

struct Flag {
  std::string_view name;  // without dashes: "exit-at-end"
  char letter = 0;
  Kind kind = Kind::boolean;
  std::string_view value = {};    // how the help calls the value: "DUR"
  std::string_view initial = {};  // the default; text() and its like return it when the flag was not given
  std::string_view help = {};     // of the form that is shown: --no-x for a boolean whose default is "true"
  std::string_view choices =
      {};  // "line|raw|json" for Kind::choice, and words offered by completion for Kind::text
  bool repeatable = false;
  bool optional = false;      // the value may be left out, and is given only after '=': --create=6
  std::string_view env = {};  // the environment variable that stands in
  std::string_view section =
      {};             // a heading for the help: "Where to start and stop"; flags of one heading together
  bool idle = false;  // means nothing to this command, and is taken so that one alias serves all; never shown
};

struct Argument {
  std::string_view name;  // "TOPIC"
  Kind kind = Kind::text;
  std::size_t least = 1, most = 1;  // the last one may take `any`
  std::string_view choices = {};
};
inline constexpr std::size_t any = SIZE_MAX;

struct Example {
  std::string_view line;  // "mq consume orders -e | jq ."
  std::string_view says;  // "everything, then exit"
};

// Flags that many commands share come with these; see shared_flags().
enum Uses : unsigned {
  nothing = 0,
  connects = 1,  // -b -X --timeout
  rows = 2,      // -o --columns --sort --limit --no-headers --exact
  changes = 4,   // -y --confirm --no-input --dry-run
};

struct Context;
class Arguments;

struct Command {
  std::string_view name;     // "topic create"
  std::string_view summary;  // one sentence with its full stop, the first line of the help
  std::vector<Argument> arguments = {};
  unsigned uses = nothing;
  std::vector<Example> examples = {};
  std::vector<Flag> flags =
      {};  // its own; one that has the name of a shared flag stands in for that (consume's -o)
  std::string_view more = {};  // further paragraphs, for --help only
  std::string_view see = {};   // "mq help positions, man mq-consume"
  bool hidden = false;
  Exit (*run)(Context&, const Arguments&) = nullptr;
};

// commands.cc: every command there is, in the order of the help; and the groups of shared flags.
const std::vector<const Command*>& commands();
const Command* find_command(std::string_view name);  // by its full name, aliases resolved
// Its own and the shared ones: those it uses, and those that an alias may give to every command.
std::vector<Flag> flags_of(const Command& command);

// What was given on the command line, checked by kind. Flags are asked for by their long name; a name that
// the command does not have is a bug and stops the program.
class Arguments {
 public:
  explicit Arguments(const Command& command);

  const std::vector<std::string>& positional() const { return positional_; }
  bool given(std::string_view flag) const;        // on the command line or in the environment
  bool on(std::string_view flag) const;           // a boolean; false unless given (or its default is "true")
  bool has_value(std::string_view flag) const;    // an optional value was given: --create=6, not --create
  std::string text(std::string_view flag) const;  // the last value, else the default, else ""
  const std::vector<std::string>& all(std::string_view flag) const;  // every value of a repeatable one
  // Words of a repeatable flag that takes lists (a,b), each as the flag's choices write it. Throws
  // UsageError.
  std::vector<std::string> chosen(std::string_view flag) const;
  std::int64_t number(std::string_view flag) const;
  std::chrono::milliseconds duration(std::string_view flag) const;  // inf: milliseconds::max()
  std::int64_t size(std::string_view flag) const;                   // bytes
  std::optional<std::string> maybe(std::string_view flag) const;    // the last value, or nothing; no default

  // Filled by parse().
  void set(std::string_view flag, std::vector<std::string> values);
  void add_positional(std::string value) { positional_.push_back(std::move(value)); }

 private:
  const Flag& flag(std::string_view name) const;

  std::vector<Flag> flags_;
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
  std::vector<std::string> positional_;
};

// Where a command runs: its streams and the flags that every command has. Data goes to write(), everything
// else to notice() and its like, which go to stderr.
struct Context {
  int in = 0, out = 1, err = 2;  // descriptors
  bool in_tty = false, out_tty = false, err_tty = false;
  bool color_out = false, color_err = false;
  bool unicode = true;     // the locale is UTF-8
  std::size_t width = 80;  // of the terminal
  bool quiet = false;
  int verbose = 0;
  bool utc = false;
  bool no_input = false;
  std::string output = "table";  // -o, for commands that use `rows`; decides how errors are written, too
  std::string brokers;           // -b
  std::map<std::string, std::string> properties;  // -X
  std::chrono::milliseconds timeout{10'000};

  // Writes all of it to stdout. False: stop writing, the reader has gone (then the command ends with what it
  // has, exit 0) or the disk is full (then run() must end; main reports it and exits 1).
  bool write(std::string_view data);
  Exit answer(std::string_view data);  // writes it, and that was all
  int write_error = 0;                 // errno of a failed write; EPIPE is no failure

  void notice(std::string_view text) const;                            // "mq: text", not with -q
  void detail(int level, std::string_view text) const;                 // only with -v (1) or -vv (2)
  void say(std::string_view text) const;                               // to stderr as it is
  bool interactive() const { return in_tty && err_tty && !no_input; }  // may ask questions
};

// Prints the failure on stderr as `mq: error: …` and `mq: hint: …`, or as one JSON object when output is JSON
// or YAML. Returns its exit class, so that a command can `return report(context, failure)`.
Exit report(const Context& context, const Failure& failure);

// One command line, from words to exit code: finds the command, parses, runs, reports. `words` is argv
// without argv[0].
Exit run(Context& context, const std::vector<std::string>& words);

}  // namespace mq::cli
