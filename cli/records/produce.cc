// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <cstring>

#include "cli/frame/output.h"
#include "cli/frame/trouble.h"
#include "cli/records/input.h"
#include "cli/records/produce_options.h"
#include "cli/records/receipts.h"
#include "cli/records/stop.h"
#include "cli/topic/retention.h"
#include "cli/topic/topic.h"

namespace mq::cli {
namespace {

using Clock = std::chrono::steady_clock;

std::optional<net::Bytes> bytes_of(const std::optional<std::string_view>& text) {
  if (!text) return std::nullopt;
  return std::as_bytes(std::span(*text));
}

std::string human_rate(double per_second) {
  char text[32];
  if (per_second >= 1e6) {
    std::snprintf(text, sizeof text, "%.1f M/s", per_second / 1e6);
  } else if (per_second >= 1e4) {
    std::snprintf(text, sizeof text, "%.0f k/s", per_second / 1e3);
  } else {
    std::snprintf(text, sizeof text, "%.0f/s", per_second);
  }
  return text;
}

// One run of the command: from input to acknowledgement.
class Production {
 public:
  Production(Context& context, ProduceOptions options)
      : context_(context),
        options_(std::move(options)),
        cluster_(options_.client),
        stop_(cluster_.client().loop(),
              [this] {
                stop_reading();
                out_.give_up();
              }),
        trouble_(context),
        out_(cluster_.client().loop(), context.out, {.each_record = context.out_tty}),
        receipts_(options_.producer.topic, options_.receipt, options_.json_receipt, context.utc),
        retention_(cluster_.client(), options_.producer.topic),
        pause_(cluster_.client().loop().get_executor()) {
    prepare_headers();
    interactive_ = context.in_tty && options_.messages.empty() && options_.files.empty();
  }

  Exit run() { return Stop::exit(cluster_.run(produce())); }

 private:
  client::Task<Exit> produce() {
    started_ = Clock::now();
    auto ready = co_await connect();
    if (!ready) co_return report(context_, topic_failure(ready.error()));
    if (options_.partition >= producer_->partitions())
      co_return report(context_, no_partition(options_.partition));
    started_ = Clock::now();
    co_await read_all();
    const Time deadline = Stop::signalled() ? Clock::now() + options_.flush_timeout : Time::max();
    flushing_ = true;
    const bool flushed = co_await client::Producer::flush(producer_, deadline);
    if (options_.producer.transactions) co_await end_transaction(flushed);
    co_await out_.drained();
    co_return finish(flushed);
  }

  // Committed, if everything is well; otherwise it is as if nothing had been written.
  client::Task<void> end_transaction(bool flushed) {
    out_.flush();  // what cannot be told goes wrong, too
    const bool commit = flushed && !producer_failed() && !own_failure_ && !Stop::signalled() && out_.ok();
    const Time deadline = Clock::now() + options_.flush_timeout;
    auto done = co_await client::Producer::end_transaction(producer_, commit, deadline);
    if (!commit && read_ > committed_) context_.notice("the transaction was aborted");
    if (commit && done) committed_ = read_;
    if (!done && !producer_failed() && !own_failure_) {
      own_failure_ = failure_from(done.error(), "transaction");
      own_failure_->message = "the transaction could not be ended: " + own_failure_->message;
      stop_reading();
    }
  }

  // The next transaction, when this one is as large or as old as it shall be.
  client::Task<void> next_transaction(bool input_pauses) {
    const std::uint64_t records = read_ - committed_;
    const bool full = options_.txn_records > 0 && records >= options_.txn_records;
    const bool old =
        options_.txn_interval && (input_pauses || Clock::now() - begun_ >= *options_.txn_interval);
    if (records == 0 || !(full || old)) co_return;
    const bool flushed = co_await client::Producer::flush(producer_, Time::max());
    if (!ended()) co_await end_transaction(flushed);
  }

  client::Task<void> read_all() {
    for (const std::string& message : options_.messages) {
      auto source = message_source();
      source->feed(message, true);
      co_await take(*source, "-m");
    }
    for (const std::string& file : options_.files) co_await read_file(file);
    if (!options_.messages.empty() || !options_.files.empty()) co_return;  // then stdin is never touched
    if (interactive_) context_.notice("one record per line; Ctrl-D ends, Ctrl-C aborts");
    co_await read(context_.in, "");
  }

  client::Task<client::Answer<client::Nothing>> connect() {
    auto options = options_.producer;
    options.delivered = [this](const client::Delivery& delivery) { delivered(delivery); };
    options.trouble = [this](const client::Failure& failure) {
      trouble_.happened(failure, producer_->last_progress());
    };
    producer_ = client::Producer::create(cluster_.client(), options);
    auto started = co_await client::Producer::start(producer_);
    const bool missing = !started && started.error().error == kafka::Error::unknown_topic_or_partition;
    if (!missing || !options_.create) co_return started;
    auto created = co_await create_topic();
    if (!created) co_return created;
    const Time deadline = Clock::now() + cluster_.client().options().timeout;
    client::Backoff backoff(cluster_.client().loop(), deadline);
    for (;;) {  // a cluster's other brokers may hear of it a little later
      started = co_await client::Producer::start(producer_);
      if (started || started.error().error != kafka::Error::unknown_topic_or_partition) co_return started;
      const bool waited = co_await backoff.wait();
      if (!waited) co_return started;
    }
  }

  client::Task<client::Answer<client::Nothing>> create_topic() {
    kafka::CreateTopicsRequest request;
    auto& topic = request.topics.emplace_back();
    topic.name = options_.producer.topic;
    topic.num_partitions = options_.create->partitions;
    topic.replication_factor = options_.create->replication;
    request.timeout_ms = 30'000;
    auto answer = co_await cluster_.client().call<kafka::CreateTopicsResponse>(
        client::controller, std::move(request), cluster_.client().options().timeout);
    if (!answer) co_return answer.error();
    const std::int16_t code = answer->topics.empty() ? std::int16_t{0} : answer->topics[0].error_code;
    if (code == 0 || code == kafka::number_of(kafka::Error::topic_already_exists))
      co_return client::Nothing{};
    co_return client::refused(code, {}, options_.producer.topic,
                              answer->topics[0].error_message.value_or(""));
  }

  std::unique_ptr<RecordSource> message_source() const {
    return options_.format ? format_source(options_.source, options_.format) : raw_source(options_.source);
  }

  client::Task<void> read_file(const std::string& file) {
    if (ended()) co_return;
    if (file == "-") {
      co_await read(context_.in, "");
      co_return;
    }
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
      fail({.message = file + ": " + std::strerror(errno), .target = file});
      co_return;
    }
    co_await read(descriptor, file);
    ::close(descriptor);
  }

  client::Task<void> read(int descriptor, std::string name) {
    auto source = options_.source_of();
    Input input(cluster_.client().loop(), descriptor);
    input_ = &input;
    while (!ended()) {
      prompt();
      if (!input.ready()) co_await next_transaction(true);
      const Input::Block block = co_await input.next();
      if (block.error != 0)
        fail({.message = (name.empty() ? "stdin" : name) + ": " + std::strerror(block.error)});
      if (block.error != 0 || ended()) break;
      if (options_.tee) out_.append(block.bytes);
      source->feed(block.bytes, block.bytes.empty());
      co_await take(*source, name);
      if (block.bytes.empty()) break;
      if (options_.tee && !input.ready()) out_.flush();
      if (out_.full()) co_await wait_for_reader();
    }
    input_ = nullptr;
  }

  // Whoever reads the copy or the receipts is slow: no more is read, and transactions end when they are due.
  client::Task<void> wait_for_reader() {
    while (out_.full() && out_.ok() && !ended()) {
      co_await out_.room(Clock::now() + std::chrono::milliseconds(100));
      if (options_.producer.transactions) co_await next_transaction(true);
    }
  }

  void prompt() {
    if (interactive_ && context_.err_tty) context_.say("> ");
  }

  // All records that the source has by now.
  client::Task<void> take(RecordSource& source, std::string_view name) {
    now_ms_ = admin::Now::here(true).ms;
    admin::Record record;
    while (!ended()) {
      const auto got = source.next(record);
      if (got == RecordSource::Got::more) break;
      if (got == RecordSource::Got::broken) {
        unreadable(name, source);
        continue;
      }
      if (options_.rate > 0) co_await wait_for_turn(record);
      if (producer_->full()) co_await client::Producer::room(producer_);
      if (out_.full()) co_await wait_for_reader();
      const std::int64_t time = time_of(record);
      if (retention_.doubtful(time, now_ms_)) {
        const std::string notice = co_await retention_.look(time, now_ms_);
        if (!notice.empty()) context_.notice(notice);
      }
      if (read_ == committed_) begun_ = Clock::now();
      append(record);
      if (options_.producer.transactions) co_await next_transaction(false);
    }
    if (options_.producer.linger == client::Duration{}) producer_->send_open();
    if (interactive_) {
      producer_->send_open();
      co_await client::Producer::flush(producer_, Clock::now() + options_.flush_timeout);
    }
  }

  void append(const admin::Record& record) {
    std::int32_t partition = options_.partition;
    if (options_.keep_partition && record.partition >= 0) partition = record.partition;
    if (partition >= producer_->partitions()) return fail(no_partition(partition));
    headers_.clear();
    for (const admin::RecordHeader& header : record.headers)
      headers_.push_back({header.key, bytes_of(header.value)});
    const auto key = record.key ? record.key : options_.key;
    producer_->append(partition, time_of(record), bytes_of(key), bytes_of(record.value),
                      record.headers.empty() ? common_headers_ : headers_, ++read_);
    bytes_ += (key ? key->size() : 0) + (record.value ? record.value->size() : 0);
    if (read_ == options_.count) stop_reading();
  }

  std::int64_t time_of(const admin::Record& record) const {
    if (record.timestamp >= 0) return record.timestamp;
    return options_.timestamp >= 0 ? options_.timestamp : now_ms_;
  }

  Failure no_partition(std::int32_t partition) const {
    Failure failure = failure_from(admin::missing_partition(options_.producer.topic, partition));
    failure.message += " (it has " + std::to_string(producer_->partitions()) + ")";
    return failure;
  }

  client::Task<void> wait_for_turn(const admin::Record& record) {
    const double cost =
        options_.rate_in_bytes ? static_cast<double>(record.value ? record.value->size() : 0) : 1.0;
    const auto due = started_ + std::chrono::duration_cast<client::Duration>(
                                    std::chrono::duration<double>(spent_ / options_.rate));
    spent_ += cost;
    if (due <= Clock::now()) co_return;
    producer_->send_open();
    pause_.expires_at(due);
    co_await pause_.async_wait(core::use_result);
    now_ms_ = admin::Now::here(true).ms;
  }

  void unreadable(std::string_view name, const RecordSource& source) {
    const std::string where =
        (name.empty() ? "line " : std::string(name) + ":") + std::to_string(source.line());
    unreadable_++;
    if (options_.skip_unreadable) {
      if (unreadable_ == 1) context_.notice(where + ": " + source.wrong() + "; left out");
      return;
    }
    std::string hint = "--on-error skip leaves such input out";
    if (options_.input == ProduceOptions::Input::json)
      hint += "; a line that is itself the value needs no --input json";
    fail({.message = where + ": " + source.wrong(), .hint = std::move(hint)});
  }

  void delivered(const client::Delivery& delivery) {
    if (delivery.failure) {
      if (first_failed_ == 0 || delivery.batch.numbers.at(0) < first_failed_) {
        first_failed_ = delivery.batch.numbers.at(0);
        failure_ = *delivery.failure;
        failed_size_ = delivery.batch.count == 1 ? delivery.batch.batch.size : 0;
      }
      stop_reading();
      return;
    }
    if (!options_.receipt && !options_.json_receipt && !interactive_) return;
    receipts_.write(out_, delivery);
    if (!out_.ok()) stop_reading();
  }

  void prepare_headers() {
    for (const auto& [key, value] : options_.headers)
      common_headers_.push_back({key, std::as_bytes(std::span(value))});
  }

  bool ended() const { return stopping_ || Stop::signalled() || producer_failed(); }
  bool producer_failed() const { return first_failed_ != 0; }

  void stop_reading() {
    stopping_ = true;
    if (input_) input_->stop();
    pause_.cancel();
    if (!flushing_ || !Stop::signalled()) return;
    pause_.expires_after(options_.flush_timeout);
    pause_.async_wait([this](core::error_code cancelled) {
      if (!cancelled) producer_->stop();
    });
  }

  void fail(Failure failure) {
    if (!own_failure_) own_failure_ = std::move(failure);
    stop_reading();
  }

  Failure topic_failure(const client::Failure& failure) const {
    Failure told = failure_from(failure);
    if (failure.error != kafka::Error::unknown_topic_or_partition) return told;
    told.hint = "create it with: mq produce --create " + options_.producer.topic + "  or: mq topic create " +
                options_.producer.topic;
    return told;
  }

  Exit finish(bool flushed) {
    summary();
    if (out_.error() != 0)
      context_.write_error = out_.error();  // told by whoever ran us, if nothing worse is
    const std::uint64_t lost = read_ - producer_->delivered_records();
    if (lost > 0) return report(context_, delivery_failure(lost, flushed));
    if (own_failure_) return report(context_, *own_failure_);
    if (unreadable_ > 0)
      context_.notice(std::to_string(unreadable_) + (unreadable_ == 1
                                                         ? " could not be read and was left out"
                                                         : " could not be read and were left out"));
    return Exit::ok;
  }

  // "1 of 3 records was"
  std::string of_all(std::uint64_t lost) const {
    return std::to_string(lost) + " of " + counted(static_cast<std::int64_t>(read_), "record") +
           (lost == 1 ? " was" : " were");
  }

  Failure delivery_failure(std::uint64_t lost, bool flushed) const {
    if (!producer_failed())
      return {.exit = flushed ? Exit::failed : Exit::timeout,
              .message = of_all(lost) + " not acknowledged",
              .target = options_.producer.topic};
    Failure told = failure_from(failure_);
    const std::string why = told.message;
    told.message = of_all(lost) +
                   " not delivered; first: " + (options_.messages.empty() ? "line " : "record ") +
                   std::to_string(first_failed_) + ": " + why;
    if (failed_size_ > 0 && failure_.error == kafka::Error::message_too_large) {
      if (failure_.message.empty()) told.message += ", a batch of " + std::to_string(failed_size_) + " bytes";
      told.hint = "raise the limit with: mq topic alter " + options_.producer.topic +
                  " -c max.message.bytes=" + core::format_size((failed_size_ / (1 << 20) + 1) << 20);
    }
    return told;
  }

  void summary() const {
    if (context_.quiet || (!context_.err_tty && context_.verbose == 0) || interactive_) return;
    const double seconds = std::max(std::chrono::duration<double>(Clock::now() - started_).count(), 1e-6);
    char took[32];
    std::snprintf(took, sizeof took, "%.1f s", seconds);
    const auto rate = static_cast<std::uint64_t>(static_cast<double>(bytes_) / seconds);
    context_.say(counted(static_cast<std::int64_t>(producer_->delivered_records()), "record") + ", " +
                 core::human_size(bytes_) + " in " + took + " (" +
                 human_rate(static_cast<double>(producer_->delivered_records()) / seconds) + ", " +
                 core::human_size(rate) + "/s), " + std::to_string(read_ - producer_->delivered_records()) +
                 " failed\n");
  }

  using Time = client::Time;

  Context& context_;
  ProduceOptions options_;
  client::Cluster cluster_;
  Stop stop_;
  Trouble trouble_;
  std::shared_ptr<client::Producer> producer_;
  Output out_;
  Receipts receipts_;
  Retention retention_;
  client::Timer pause_;
  Input* input_ = nullptr;

  std::vector<kafka::Header> common_headers_, headers_;
  std::int64_t now_ms_ = 0;
  bool interactive_ = false, stopping_ = false, flushing_ = false;
  std::uint64_t read_ = 0, bytes_ = 0, unreadable_ = 0;
  std::uint64_t committed_ = 0;  // of those read, in transactions
  double spent_ = 0;
  Time started_, begun_;  // the command, the transaction

  std::optional<Failure> own_failure_;  // of the input
  std::uint64_t first_failed_ = 0;      // number of the first record that was not delivered; 0: none
  client::Failure failure_;
  std::size_t failed_size_ = 0;
};

Exit run_produce(Context& context, const Arguments& arguments) {
  Production production(context, ProduceOptions::from(context, arguments));
  return production.run();
}

}  // namespace

extern const Command produce{
    .name = "produce",
    .summary = "Write records to a topic, from stdin, files or the command line.",
    .arguments = {{"TOPIC", Kind::topic}, {"FILE", Kind::file, 0, any}},
    .uses = connects,
    .examples = {{"tail -F app.log | mq produce logs --create=6", "one record per line, as it is written"},
                 {"mq produce users -K: < users.txt", "key:value"},
                 {"mq produce orders -m '{\"id\":1}' -k u-42", "one record"},
                 {"mq produce ledger --txn < day.ndjson", "all of it, or nothing"},
                 {"mq consume a -o json -e | mq produce b --input json",
                  "copy with keys, headers and times"}},
    .flags = produce_flags(),
    .more =
        "The topic must exist unless --create is given. Records of one partition arrive in the order of the "
        "input, each "
        "of them once. The exit code is 0 only if every record was acknowledged.",
    .see = "mq help formats, man mq-produce",
    .run = run_produce};

}  // namespace mq::cli
