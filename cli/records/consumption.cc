// SPDX-License-Identifier: Apache-2.0
#include "cli/records/consumption.h"

#include <algorithm>

namespace mq::cli {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t merge_ahead = 20'000;  // records of one partition that wait for the others

std::string seconds_text(client::Duration duration) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", std::chrono::duration<double>(duration).count());
  return text;
}

std::string records_text(std::uint64_t n) {
  return counted(static_cast<std::int64_t>(n), "record");
}

}  // namespace

Consumption::Consumption(Context& context, ConsumeOptions options)
    : context_(context),
      options_(std::move(options)),
      cluster_(options_.client),
      stop_(cluster_.client().loop(),
            [this] {
              if (consumer_) consumer_->stop();
              if (group_) group_->wake();
              out_.give_up();
            }),
      trouble_(context),
      out_(cluster_.client().loop(), context.out, output_options()),
      printer_(options_.printer) {}

Output::Options Consumption::output_options() {
  Output::Options options{.buffer_bytes = options_.buffer_bytes, .each_record = options_.each_record};
  if (options_.group)
    options.taken = [this](Output::Source source, client::Offset next) { group_->written(source, next); };
  return options;
}

Consumption::~Consumption() {
  if (watch_) watch_->stop();
}

Exit Consumption::run() {
  if (options_.plan) {
    plan_ = std::move(*options_.plan);
    return Stop::exit(cluster_.run(consume()));
  }
  admin::Selection selection = must(cluster_.run(admin::select, options_.topics, false));
  std::erase_if(selection.missing, [this](const admin::Missing& missing) { return waits_for(missing); });
  if (!selection.missing.empty()) return report_missing(context_, selection.missing, false);
  if (options_.group) {
    group_.emplace(context_, cluster_, *options_.group, options_.topics, options_.range,
                   options_.consumer.committed, options_.refresh);
    topics_ = std::move(selection.topics);
  } else if (!selection.topics.empty()) {
    plan_ = plan(cluster_, selection.topics, options_.range, options_.consumer.committed);
  }
  return Stop::exit(cluster_.run(consume()));
}

client::Task<Exit> Consumption::consume() {
  started_ = last_record_ = last_flush_ = last_stats_ = allowance_at_ = Clock::now();
  allowance_ = options_.rate_max;
  if (group_) {
    co_await read_as_member();
    co_await leave_group();
    co_return finish();
  }
  if (options_.range.last) co_await read_newest();
  if (options_.range.last && options_.range.follow) {
    for (std::size_t i = 0; i < plan_.assignments.size(); i++) {
      plan_.assignments[i].from = plan_.ends[i].end;
      plan_.assignments[i].until = client::no_end;
    }
  }
  if (!ended() && (!options_.range.last || options_.range.follow)) co_await read_on();
  co_await out_.drained();
  co_return finish();
}

// The newest of all partitions together: each may have them all, so each is read that far back.
client::Task<bool> Consumption::read_newest() {
  newest_.emplace(static_cast<std::size_t>(*options_.range.last), plan_.assignments.size());
  consumer_ = consumer_for(plan_.assignments);
  while (!ended() && !consumer_->done()) {
    auto next = co_await client::Consumer::next(consumer_, Clock::now() + tick);
    if (!next) {
      if (next.error().what != client::Failure::What::stopped) failure_ = failure_from(next.error());
      co_return false;
    }
    if (*next) merge(**next);
  }
  for (const Held& held : newest_->take()) {
    put(held);
    if (out_.full()) co_await wait_for_room();
    if (ended()) break;
  }
  newest_.reset();
  out_.flush();
  co_return true;
}

client::Task<bool> Consumption::read_on() {
  if (options_.ordered) merge_.emplace(plan_.assignments.size());
  options_.consumer.grows = options_.range.follow;
  consumer_ = consumer_for(plan_.assignments);
  watch_topics();
  while (!ended() && !consumer_->done()) {
    const bool going_on = co_await read_some();
    if (!going_on) break;
  }
  if (watch_) watch_->stop();
  if (!merge_ || ended()) co_return true;
  merge_->finish_all();
  co_return co_await emit_merged();
}

// What comes next, or a while of waiting for it. False: that was enough, or the consumer was stopped.
client::Task<bool> Consumption::read_some() {
  if (!consumer_->ready()) flush();
  auto next = co_await client::Consumer::next(consumer_, wake_at());
  if (!next) {
    const client::Failure& why = next.error();
    if (group_ && why.error == kafka::Error::unknown_topic_id)
      group_->begin_anew(why.target);
    else if (why.what != client::Failure::What::stopped)
      failure_ = failure_from(why);
    co_return false;
  }
  if (*next) {
    last_record_ = Clock::now();
    bool going_on = true;
    if (merge_) {
      going_on = merge(**next);
      if (going_on) going_on = co_await emit_merged();
    } else {
      going_on = co_await show(std::move(**next));
    }
    if (!going_on) co_return false;
  } else {
    if (options_.idle && Clock::now() - last_record_ >= *options_.idle) co_return false;
    look_around();
  }
  if (is_late()) co_return false;
  co_await meanwhile();
  if (Clock::now() - last_flush_ >= std::chrono::milliseconds(100)) flush();
  if (options_.rate_max > 0) say_hidden();
  co_return true;
}

void Consumption::flush() {
  last_flush_ = Clock::now();
  out_.flush();
}

bool Consumption::is_late() const {
  return options_.max_time && Clock::now() - started_ >= *options_.max_time;
}

// A reader that is slow: nothing more is fetched until it has taken half of what waits for it. Still full:
// something else is to be done first.
client::Task<void> Consumption::wait_for_room() {
  if (consumer_) consumer_->hold(true);
  while (out_.full() && !interrupted()) {
    co_await out_.room(Clock::now() + tick);
    co_await meanwhile();
  }
  if (consumer_) consumer_->hold(false);
  last_record_ = Clock::now();  // nothing could come
}

// What goes on whether there is something to read or not, and whether somebody takes it or not.
client::Task<void> Consumption::meanwhile() {
  if (options_.stats) say_stats();
  look_for_transactions();
  if (group_) co_await group_->commit_if_due();
}

Consumption::Time Consumption::wake_at() const {
  Time at = Clock::now() + tick;
  if (options_.idle) at = std::min(at, last_record_ + *options_.idle);
  if (options_.max_time) at = std::min(at, started_ + *options_.max_time);
  return at;
}

// Nothing comes: is anybody still there to read it, and does the person at the terminal know?
void Consumption::look_around() {
  out_.look_for_reader();
  const bool person = context_.out_tty && context_.err_tty && !context_.quiet;
  if (!person || waiting_said_ || Clock::now() - last_record_ < std::chrono::seconds(3) ||
      !is_heard(context_))
    return;
  waiting_said_ = true;
  std::string so_far = records_text(scanned_);
  if (!options_.filter.matches_all()) so_far += ", " + std::to_string(matched_) + " of them matched";
  context_.notice("at the end of " +
                  counted(static_cast<std::int64_t>(plan_.assignments.size()), "partition") + " (" + so_far +
                  " so far); waiting. Ctrl-C stops");
}

admin::FoundRecord Consumption::found(const client::Fetched& fetched, const client::FetchedRecords& records,
                                      const kafka::Record& record) {
  const admin::Ends& ends = plan_.ends[fetched.which];
  return {fetched,
          records.head(),
          record,
          plan_.assignments[fetched.which].partition,
          static_cast<std::int64_t>((merge_ || newest_ ? matched_ : out_.records()) + 1),
          std::max<std::int64_t>(0, ends.end - record.offset - 1)};
}

client::Task<bool> Consumption::show(client::Fetched fetched) {
  const bool commits_each = group_ && group_->commits_each();
  client::FetchedRecords records(fetched);
  while (const kafka::Record* record = next_record(fetched, records)) {
    const bool shown = show_one(fetched, records, *record);
    if (shown && commits_each) co_await commit_record();
    if (out_.full()) co_await wait_for_room();
    if (out_.full() || ended() || (group_ && group_->changed())) co_return false;
  }
  if (failure_) co_return false;
  reached(fetched.which, std::max(reached_[fetched.which], fetched.next));  // also behind control records
  co_return !is_late();
}

bool Consumption::show_one(const client::Fetched& fetched, const client::FetchedRecords& records,
                           const kafka::Record& record) {
  count(record);
  const admin::FoundRecord here = found(fetched, records, record);
  const bool shown = is_wanted(here) && (options_.rate_max == 0 || may_show());
  if (shown) printer_.print(out_, here);
  reached(fetched.which, record.offset + 1);
  return shown;
}

bool Consumption::is_wanted(const admin::FoundRecord& found) {
  if (!options_.filter.matches_all()) {
    admin::fill(record_, found);
    if (!options_.filter.matches(record_)) return false;
  }
  matched_++;
  return true;
}

void Consumption::count(const kafka::Record& record) {
  scanned_++;
  bytes_ += (record.key ? record.key->size() : 0) + (record.value ? record.value->size() : 0);
}

void Consumption::reached(std::size_t which, client::Offset next) {
  reached_[which] = next;
  if (group_) out_.mark(sources_[which], next);
}

bool Consumption::merge(const client::Fetched& fetched) {
  client::FetchedRecords records(fetched);
  while (const kafka::Record* record = next_record(fetched, records)) {
    count(*record);
    reached_[fetched.which] = record->offset + 1;
    text_.clear();
    const admin::FoundRecord here = found(fetched, records, *record);
    const bool shown = is_wanted(here);
    if (shown) printer_.write(text_, here);
    if (newest_) {
      newest_->push(fetched.which, record->timestamp, text_, shown);
    } else {
      merge_->push(fetched.which, record->timestamp, text_, shown);
    }
  }
  return !failure_;
}

client::Task<bool> Consumption::emit_merged() {
  for (std::size_t i = 0; i < plan_.assignments.size(); i++)
    if (consumer_->delivered(i)) merge_->finish(i);
  Held held;
  while (merge_->pop(held)) {
    put(held);
    if (out_.full()) co_await wait_for_room();
    if (out_.full() || ended()) co_return false;
  }
  for (std::size_t i = 0; i < plan_.assignments.size(); i++)
    consumer_->pause(i, merge_->held(i) > merge_ahead);
  co_return true;
}

void Consumption::put(const Held& held) {
  if (!held.is_shown) return;
  out_.append(held.text);
  out_.end_record();
}

// A bucket of one second's worth: what does not fit is counted instead of shown.
bool Consumption::may_show() {
  const Time now = Clock::now();
  const double seconds = std::chrono::duration<double>(now - allowance_at_).count();
  allowance_ = std::min(options_.rate_max, allowance_ + seconds * options_.rate_max);
  allowance_at_ = now;
  if (allowance_ < 1) return hidden_++, false;
  allowance_ -= 1;
  return true;
}

void Consumption::say_hidden() {
  if (hidden_ == 0 || Clock::now() - last_stats_ < std::chrono::seconds(1) || !is_heard(context_)) return;
  last_stats_ = Clock::now();
  out_.flush();
  context_.say("… " + records_text(std::exchange(hidden_, 0)) + " not shown\n");
}

void Consumption::say_stats() {
  const Time now = Clock::now();
  const client::Duration passed = now - last_stats_;
  if (passed < *options_.stats || !is_heard(context_)) return;
  const double seconds = std::chrono::duration<double>(passed).count();
  const auto records = static_cast<double>(scanned_ - stats_records_) / seconds;
  const auto bytes = static_cast<double>(bytes_ - stats_bytes_) / seconds;
  char text[128];
  std::snprintf(text, sizeof text, "%.0f records/s, %.1f MiB/s, %lld left to the end as it was\n", records,
                bytes / (1 << 20), static_cast<long long>(left_to_end()));
  context_.say(text);
  last_stats_ = now, stats_records_ = scanned_, stats_bytes_ = bytes_;
}

std::int64_t Consumption::left_to_end() const {
  std::int64_t left = 0;
  for (std::size_t i = 0; i < reached_.size(); i++)
    left += std::max<std::int64_t>(0, plan_.ends[i].end - reached_[i]);
  return left;
}

void Consumption::say_summary() const {
  if (context_.quiet || !options_.summary || (!context_.err_tty && context_.verbose == 0)) return;
  const std::string took = "in " + seconds_text(Clock::now() - started_) + "\n";
  if (options_.filter.matches_all())
    return context_.say(records_text(out_.records()) + ", " + core::human_size(bytes_) + " " + took);
  context_.say("scanned " + counted(static_cast<std::int64_t>(scanned_), "record", false) + " (" +
               core::human_size(bytes_) + "), matched " + std::to_string(matched_) + ", " + took);
}

Exit Consumption::finish() {
  consumer_ ? consumer_->stop() : void();
  if (out_.error() != 0) {
    context_.write_error = out_.error();  // told by whoever ran us
    return Exit::ok;
  }
  if (out_.closed() && !Stop::signalled()) return Exit::ok;  // the reader has enough: nothing to say
  if (failure_) return report(context_, *failure_);
  if (hidden_ > 0) context_.say("… " + records_text(hidden_) + " not shown\n");
  say_summary();
  return is_partial_ ? Exit::partial : Exit::ok;
}

}  // namespace mq::cli
