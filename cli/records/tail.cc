// SPDX-License-Identifier: Apache-2.0
#include "cli/records/consumption.h"
#include "cli/records/filter_flags.h"

namespace mq::cli {
namespace {

constexpr double terminal_rate = 200;  // records a second that eyes can follow

double rate_of(const Context& context, const Arguments& arguments) {
  const auto text = arguments.maybe("max-rate");
  if (!text) return context.out_tty ? terminal_rate : 0;
  if (*text == "inf") return 0;
  const auto rate = core::parse_integer(*text, 1);
  if (!rate) throw UsageError("--max-rate: " + rate.error().why, "records a second, or inf");
  return static_cast<double>(*rate);
}

Exit run_tail(Context& context, const Arguments& arguments) {
  ConsumeOptions options = ConsumeOptions::from(context, arguments);
  options.topics = admin::selectors(arguments.positional());
  options.filter = filter_from_flags(arguments);
  options.range.last = arguments.number("count");
  if (*options.range.last < 0) throw UsageError("--count: a number of records, 0 or more");
  options.range.follow = true;
  options.rate_max = rate_of(context, arguments);
  options.summary = true;
  options.refresh = refresh_of(arguments);
  Consumption consumption(context, std::move(options));
  return consumption.run();
}

std::vector<Flag> tail_flags() {
  std::vector<Flag> flags{
      {.name = "count",
       .letter = 'n',
       .kind = Kind::number,
       .value = "N",
       .initial = "10",
       .help = "begin with the N newest of all together",
       .section = "Where to start"},
  };
  for (const Flag& flag : filter_flags()) flags.push_back(flag);
  flags.push_back(
      {.name = "max-rate",
       .kind = Kind::text,
       .value = "N",
       .help =
           "show at most so many records a second, and say how many were not (200 on a terminal, else inf)",
       .section = "What to print"});
  for (Flag& flag : print_flags("auto")) flags.push_back(flag);
  flags.push_back(refresh_flag());
  return flags;
}

}  // namespace

extern const Command tail{
    .name = "tail",
    .summary = "Show the newest records of topics, and what is written from now on.",
    .arguments = {{"TOPIC", Kind::topic, 1, any}},
    .uses = connects,
    .examples = {{"mq tail orders", "the newest 10, then on"},
                 {"mq tail orders -n 0 -o value", "only what comes from now on, values alone"},
                 {"mq tail 'logs-*' --grep ERROR", "what goes wrong now"},
                 {"mq tail 'logs-*' --max-rate inf", "everything, however fast"}},
    .flags = tail_flags(),
    .more =
        "Prints for people on a terminal, values into a pipe. Ctrl-C stops. Filters choose among what is "
        "read:\n"
        "of the newest N, too, only those are shown that match.",
    .see = "mq consume, mq help filters, mq help formats, man mq-tail",
    .run = run_tail};

}  // namespace mq::cli
