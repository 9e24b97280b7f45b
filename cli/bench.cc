// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>

#include "cli/bench_report.h"
#include "cli/frame/notation.h"
#include "cli/frame/trouble.h"
#include "cli/records/stop.h"
#include "cli/topic/topic.h"

namespace mq::cli {
namespace {

using What = BenchOptions::What;

// What `mq bench consume` reads, when nobody says: as many records as make this, a million at most.
constexpr std::size_t fill_bytes = 1u << 30;
constexpr std::uint64_t fill_records_max = 1'000'000;

// One run of the command: a topic, one or two loads on it, and a report.
class Bench {
 public:
  Bench(Context& context, BenchOptions options)
      : context_(context),
        options_(std::move(options)),
        cluster_(options_.load.client),
        stop_(cluster_.client().loop(), [this] { stop_loads(); }),
        trouble_(context) {
    options_.load.trouble = [this](const client::Failure& failure) {
      trouble_.happened(failure, std::chrono::steady_clock::now());
    };
    options_.load.report = [this](const bench::Lately& lately) { context_.say(bench_progress(lately)); };
  }

  Exit run() {
    find_topic();
    Exit exit = Exit::failed;
    try {
      exit = run_loads();
    } catch (const FailureError& error) {
      exit = report(context_, error.failure);
    }
    if (made_ && !options_.keep) remove_topic();
    return Stop::exit(exit);
  }

 private:
  void find_topic() {
    char name[32];
    std::snprintf(name, sizeof name, "mq-bench-%016llx", static_cast<unsigned long long>(options_.load.run));
    topic_ = options_.topic.value_or(name);
    if (admin::Selector(topic_).is_pattern())
      throw UsageError(in_quotes(topic_) + " is a pattern; one topic is needed");
    if (!options_.topic ||
        must(cluster_.run(admin::select, std::vector{admin::Selector(topic_)}, true)).topics.empty())
      make_topic();
  }

  void make_topic() {
    kafka::CreateTopicsRequest request;
    auto& topic = request.topics.emplace_back();
    topic.name = topic_;
    topic.num_partitions = options_.partitions;
    topic.replication_factor = options_.replication;
    request.timeout_ms = timeout_ms();
    const auto answer = must(cluster_.create_topics(std::move(request)));
    for (const auto& made : answer.topics)
      if (made.error_code != 0)
        throw FailureError(
            failure_from(client::refused(made.error_code, {}, topic_, made.error_message.value_or(""))));
    made_ = true;
  }

  void remove_topic() {
    kafka::DeleteTopicsRequest request;
    request.timeout_ms = timeout_ms();
    request.topics.emplace_back().name = topic_;  // version 6 and later; before that:
    request.topic_names.push_back(topic_);
    const auto answer = cluster_.delete_topics(std::move(request));
    const bool gone = answer && std::ranges::all_of(answer->responses,
                                                    [](const auto& topic) { return topic.error_code == 0; });
    if (!gone) context_.notice("topic " + topic_ + " could not be removed: mq topic delete " + topic_);
  }

  std::int32_t timeout_ms() const {
    return static_cast<std::int32_t>(std::clamp<std::int64_t>(context_.timeout.count(), 1, 600'000));
  }

  Exit run_loads() {
    const bool reads_alone = options_.what == What::consume;
    if (reads_alone && made_) fill();
    const bench::Options load = reads_alone ? reading(made_) : options_.load;
    const auto measured = run_load(load);
    auto findings = measured->tally().checker.findings();
    if (options_.what == What::produce && load.verifies && !Stop::signalled())
      findings = run_load(reading_back(*measured))->tally().checker.findings();
    return conclude(*measured, load.verifies ? std::optional(findings) : std::nullopt);
  }

  std::shared_ptr<bench::Load> run_load(bench::Options options) {
    options.topic = topic_;
    auto load = loads_.emplace_back(bench::Load::create(cluster_.client().loop(), std::move(options)));
    if (Stop::signalled()) load->stop();
    const auto ran = cluster_.run(bench::Load::run(load));
    if (!ran) throw FailureError(failure_from(ran.error()));
    return load;
  }

  static std::string not_acknowledged(std::uint64_t n) {
    return counted(static_cast<std::int64_t>(n), "record") + (n == 1 ? " was" : " were") +
           " not acknowledged";
  }

  // Gives `mq bench consume` something to read.
  void fill() {
    bench::Options load = options_.load;
    load.sends = true;
    load.receives = false;
    load.time = client::Duration::max();
    load.warmup = {};
    if (load.count == 0)
      load.count =
          std::min<std::uint64_t>(fill_records_max, fill_bytes / std::max<std::size_t>(load.sizes.max, 1));
    context_.detail(1, "writing " + counted(static_cast<std::int64_t>(load.count), "record") + " to read");
    const auto filled = run_load(load);
    const bench::Tally& tally = filled->tally();
    if (tally.failed + tally.unanswered > 0 && !Stop::signalled())
      throw FailureError(
          {.message = "the topic could not be filled: " + not_acknowledged(tally.failed + tally.unanswered),
           .target = topic_});
  }

  // `ours`: all that is in the topic is what the load before has written.
  bench::Options reading(bool ours) const {
    bench::Options load = options_.load;
    load.sends = false;
    load.receives = true;
    if (!ours) return load;
    load.count = 0;
    load.expected = loads_.back()->sent();
    return load;
  }

  bench::Options reading_back(const bench::Load& written) const {
    bench::Options load = reading(true);
    load.from = written.began();
    load.time = client::Duration::max();
    load.warmup = {};
    load.report = nullptr;
    load.failed_before = written.tally().failed + written.tally().unanswered;
    return load;
  }

  Exit conclude(const bench::Load& load, const std::optional<bench::Findings>& findings) {
    const json::object result = bench_result(options_, topic_, load, findings);
    const json::object* before = options_.before ? &*options_.before : nullptr;
    if (options_.json) {
      context_.write(to_json(result, context_.out_tty) + "\n");
    } else {
      context_.write(bench_table(result, before));
    }
    const bench::Tally& tally = load.tally();
    for (const auto& [text, count] : tally.errors)
      context_.say("mq: error: " + text + " (" + std::to_string(count) + ")\n");
    if (load.fell_behind()) context_.notice("the rate was not reached; latencies are of what was sent");
    if (options_.what == What::consume && tally.consumed.records == 0)
      context_.notice("there was nothing to read in " + topic_);
    if (tally.failed + tally.unanswered > 0)
      return report(context_,
                    {.message = not_acknowledged(tally.failed + tally.unanswered), .target = topic_});
    const bool foreign_damage = made_ && findings && findings->foreign > 0;
    if (findings && (!findings->good() || foreign_damage))
      return report(context_, {.message = "not everything arrived as it was sent", .target = topic_});
    return tally.errors.empty() ? Exit::ok : Exit::failed;
  }

  void stop_loads() {
    for (const auto& load : loads_) load->stop();
  }

  Context& context_;
  BenchOptions options_;
  client::Cluster cluster_;
  Stop stop_;
  Trouble trouble_;
  std::string topic_;
  bool made_ = false;
  std::vector<std::shared_ptr<bench::Load>> loads_;
};

template <What what>
Exit run_bench(Context& context, const Arguments& arguments) {
  Bench bench(context, BenchOptions::from(context, arguments, what));
  return bench.run();
}

}  // namespace

extern const Command bench_produce{
    .name = "bench produce",
    .summary = "Measure how fast records are written, and how soon they are acknowledged.",
    .uses = connects,
    .examples = {{"mq bench produce", "as fast as one producer can, for 30 s"},
                 {"mq bench produce --rate 50k/s --size 512 -z lz4", "latency at a fixed rate"},
                 {"mq bench produce -n 1000000 --acks 1 -o json > before.json", "to compare with later"}},
    .flags = bench_flags(What::produce),
    .more =
        "Writes to a topic of its own, which is removed at the end. With --verify all of it is read again "
        "behind that.",
    .see = "man mq-bench",
    .run = run_bench<What::produce>};

extern const Command bench_consume{
    .name = "bench consume",
    .summary = "Measure how fast records are read.",
    .uses = connects,
    .examples = {{"mq bench consume --topic orders", "what is there, from the start to the end"},
                 {"mq bench consume -n 1000000 --size 512 -p 6", "writes it first, to a topic of its own"}},
    .flags = bench_flags(What::consume),
    .more =
        "Reads what the topic has when it begins, once. A topic of its own is filled before the clock "
        "starts.",
    .see = "man mq-bench",
    .run = run_bench<What::consume>};

extern const Command bench_e2e{
    .name = "bench e2e",
    .summary = "Measure how long records take from producer to consumer.",
    .uses = connects,
    .examples = {{"mq bench e2e --rate 50k/s --size 512", "at a fixed rate, for 30 s"},
                 {"mq bench e2e --rate 1k/s --time 5m --verify",
                  "and that nothing is lost, repeated or damaged"},
                 {"mq bench e2e --rate 50k/s --compare before.json", "what has changed since"}},
    .flags = bench_flags(What::e2e),
    .more =
        "A producer sends each record when it is due, whatever became of those before, and latency counts "
        "from then:\nwaiting in line is part of it.",
    .see = "man mq-bench",
    .run = run_bench<What::e2e>};

extern const Command bench_mixed{.name = "bench mixed",
                                 .summary = "Measure writing and reading at the same time.",
                                 .uses = connects,
                                 .examples = {{"mq bench mixed --clients 4 -p 12",
                                               "four producers and four consumers, as fast as they can"},
                                              {"mq bench mixed --size 100..2000 --keys 10000 --time 1m",
                                               "records of many sizes, with keys"}},
                                 .flags = bench_flags(What::mixed),
                                 .see = "man mq-bench",
                                 .run = run_bench<What::mixed>};

}  // namespace mq::cli
