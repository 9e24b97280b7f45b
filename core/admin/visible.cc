// SPDX-License-Identifier: Apache-2.0
#include "core/admin/visible.h"

#include <algorithm>
#include <deque>
#include <functional>
#include <set>

namespace mq::admin {
namespace {

using Clock = std::chrono::steady_clock;
using Stretches = std::vector<client::Assignment>;
using Visit = std::function<bool(std::size_t which, client::Offset)>;  // false: no more of this one

constexpr auto tick = std::chrono::milliseconds(500);

client::ConsumerOptions options_of(bool committed, std::int64_t count) {
  client::ConsumerOptions options;
  options.committed = committed;
  options.skips_unreadable = true;
  options.wait = std::chrono::milliseconds(1);
  if (count < 1000) options.partition_bytes_max = 64 << 10;
  return options;
}

// Visits the visible records of every stretch, as many as are wanted, unless it is stopped. Ends with a
// failure when no broker has answered for as long as a command may take.
client::Task<client::Answer<client::Nothing>> visit_all(client::Client& client, Stretches stretches,
                                                        client::ConsumerOptions options, Visit visit,
                                                        Stopped stopped) {
  std::optional<client::Failure> trouble;
  options.trouble = [&trouble](const client::Failure& failure) { trouble = failure; };
  std::set<std::size_t> wanted;
  for (std::size_t i = 0; i < stretches.size(); i++) wanted.insert(i);
  auto consumer = client::Consumer::create(client, std::move(options), std::move(stretches));
  auto progress = Clock::now();
  const auto is_through = [&](std::size_t which) { return consumer->delivered(which); };
  while (std::erase_if(wanted, is_through), !wanted.empty() && !(stopped && stopped())) {
    auto next = co_await client::Consumer::next(consumer, Clock::now() + tick);
    if (next && *next) {
      const std::size_t which = (*next)->which;
      client::FetchedRecords records(**next);
      bool more = wanted.contains(which);
      while (const kafka::Record* record = more ? records.next() : nullptr)
        more = visit(which, record->offset);
      if (!more) wanted.erase(which), consumer->pause(which, true);
      progress = Clock::now();
    }
    const bool is_late = trouble && Clock::now() - progress > client.options().timeout;
    if (next && !is_late) continue;
    consumer->stop();
    co_return next ? *trouble : next.error();
  }
  consumer->stop();
  co_return client::Nothing{};
}

// A stretch, looked through from its end: the newest visible records of what has been looked at.
struct Back {
  client::Assignment window;
  client::Offset begin = 0;
  std::deque<client::Offset> newest;

  bool is_done(std::size_t count) const { return newest.size() >= count || window.from <= begin; }
  // The piece before the last one.
  void step(std::int64_t length) {
    window.until = window.from;
    window.from = std::max(begin, window.from - std::min(length, window.from));
  }
};

void prepend(Back& back, std::deque<client::Offset> found) {
  found.insert(found.end(), back.newest.begin(), back.newest.end());
  back.newest = std::move(found);
}

client::Task<client::Answer<client::Nothing>> look_back(client::Client& client, std::vector<Back>& backs,
                                                        std::size_t count, bool committed, Stopped stopped) {
  constexpr std::int64_t length_max = INT64_MAX / 8;
  std::int64_t length = static_cast<std::int64_t>(count);
  const auto is_done = [count](const Back& back) { return back.is_done(count); };
  for (; !std::ranges::all_of(backs, is_done); length = std::min(length * 4, length_max)) {
    Stretches pieces;
    std::vector<std::deque<client::Offset>> found(backs.size());
    for (Back& back : backs) {
      const bool done = back.is_done(count);
      if (!done) back.step(length);
      pieces.push_back(back.window);
      if (done) pieces.back().until = pieces.back().from;
    }
    const Visit visit = [&](std::size_t which, client::Offset offset) {
      auto& newest = found[which];
      newest.push_back(offset);
      if (newest.size() + backs[which].newest.size() > count) newest.pop_front();
      return true;
    };
    auto options = options_of(committed, length);
    auto done = co_await visit_all(client, std::move(pieces), std::move(options), visit, stopped);
    if (!done) co_return done.error();
    for (std::size_t i = 0; i < backs.size(); i++) prepend(backs[i], std::move(found[i]));
  }
  co_return client::Nothing{};
}

}  // namespace

client::Task<FoundOffsets> from_end(client::Client& client, Stretches stretches, std::int64_t count,
                                    bool committed, Stopped stopped) {
  std::vector<Back> backs;
  for (client::Assignment& stretch : stretches) {
    Back& back = backs.emplace_back();
    back.begin = stretch.from;
    stretch.from = stretch.until = std::max(stretch.from, stretch.until);
    back.window = std::move(stretch);
  }
  auto looked =
      co_await look_back(client, backs, static_cast<std::size_t>(count), committed, std::move(stopped));
  if (!looked) co_return looked.error();
  std::vector<client::Offset> offsets;
  for (const Back& back : backs) {
    const bool enough = static_cast<std::int64_t>(back.newest.size()) >= count && count > 0;
    offsets.push_back(enough ? back.newest.front() : count > 0 ? back.begin : back.window.until);
  }
  co_return offsets;
}

client::Task<FoundOffsets> from_start(client::Client& client, Stretches stretches, std::int64_t count,
                                      bool committed, Stopped stopped) {
  std::vector<client::Offset> offsets;
  std::vector<std::int64_t> seen(stretches.size());
  for (client::Assignment& stretch : stretches) {
    offsets.push_back(count > 0 ? std::max(stretch.from, stretch.until) : stretch.from);
    if (count <= 0) stretch.until = stretch.from;
  }
  const Visit visit = [&](std::size_t which, client::Offset offset) {
    if (++seen[which] == count) offsets[which] = offset + 1;
    return seen[which] < count;
  };
  auto options = options_of(committed, count);
  auto done = co_await visit_all(client, std::move(stretches), std::move(options), visit, stopped);
  if (!done) co_return done.error();
  co_return offsets;
}

}  // namespace mq::admin
