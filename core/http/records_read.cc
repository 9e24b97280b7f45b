// SPDX-License-Identifier: Apache-2.0
// Records, read without a group: a page of them, all of them line by line, one, or what comes.
#include <numeric>

#include "core/admin/envelope.h"
#include "core/admin/filter.h"
#include "core/admin/found_record.h"
#include "core/admin/read_plan.h"
#include "core/admin/selector.h"
#include "core/admin/text.h"
#include "core/http/routes.h"

namespace mq::http {

namespace {

using client::Consumer;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t limit_default = 100, limit_max = 1000;
constexpr std::size_t page_bytes_max = 2u << 20, piece_bytes = 64u << 10, waiting_bytes_max = 256u << 10;
constexpr std::int32_t fetch_bytes_max = 256 << 10;
constexpr std::chrono::seconds page_waits_max{5};
constexpr std::chrono::seconds page_takes_max{10}, ping_every{15};

// What is read, as the query says.
struct Wanted {
  std::string topic;
  std::vector<std::int32_t> partitions;  // empty: all
  admin::ReadRange range;
  std::optional<std::int64_t> newest;  // so many offsets of it, of all partitions together
  bool committed = true;
  admin::Envelope envelope;
  admin::Filter filter;
};

admin::Position position_of(std::string_view name, const std::string& text) {
  const auto position = admin::parse_position(text, admin::Now::here(true));
  if (!position) throw bad_request(std::string(name) + ": " + position.error().why);
  if (position->kind == admin::Position::Kind::stored)
    throw bad_request(std::string(name) + ": there is no group here");
  return *position;
}

// "0:12,1:40": an offset for each partition.
std::map<std::int32_t, core::Offset> places_of(std::string_view text) {
  std::map<std::int32_t, core::Offset> places;
  for (const std::string_view place : core::split(text, ',')) {
    const std::size_t colon = std::min(place.find(':'), place.size());
    const auto partition = parse_number("after", place.substr(0, colon), 0, INT32_MAX);
    const auto offset = parse_number("after", place.substr(std::min(colon + 1, place.size())), 0, INT64_MAX);
    places[static_cast<std::int32_t>(partition)] = offset;
  }
  return places;
}

Wanted wanted_of(const Request& request, std::string_view from_otherwise) {
  Wanted wanted;
  wanted.topic = request.path("topic");
  if (const std::string* text = request.query("partition"))
    wanted.partitions = admin::parse_partitions(*text, "partition");
  wanted.range.follow = false;
  wanted.range.at_end = true;
  if (const std::string* text = request.query("after")) {
    wanted.range.start_at = places_of(*text);
    from_otherwise = "start";
  }
  const admin::Position from = position_of("from", request.text("from", from_otherwise));
  if (from.kind == admin::Position::Kind::before_end)
    wanted.range.last = from.n;  // of all partitions together
  else
    wanted.range.from = from;
  if (const std::string* to = request.query("to")) wanted.range.to = position_of("to", *to);
  wanted.committed = !request.flag("uncommitted");
  wanted.envelope.meta_only = request.flag("meta");
  const auto texts = [&](std::string_view name) {
    const std::string* text = request.query(name);
    return text ? std::vector<std::string>{*text} : std::vector<std::string>();
  };
  wanted.filter = admin::Filter(
      {.grep = texts("grep"), .key = texts("key"), .header = texts("header"), .where = texts("where")});
  return wanted;
}

struct Planned {
  std::shared_ptr<Consumer> consumer;
  admin::ReadPlan plan;
  std::int64_t skipped = 0;  // offsets that were asked for, for others are newer
};

// Moves where partitions begin, so that `limit` offsets are left of them together; how many it passed over.
std::int64_t begin_at_newest(std::vector<client::Assignment>& all, std::int64_t limit) {
  const auto left_with = [&](std::int64_t each_max) {
    std::int64_t left = 0;
    for (const auto& one : all) left += std::min(each_max, std::max<std::int64_t>(0, one.until - one.from));
    return left;
  };
  const std::int64_t before = left_with(INT64_MAX);
  std::int64_t each_max = 0, too_many = limit + 1;
  while (too_many - each_max > 1) {
    const std::int64_t middle = std::midpoint(each_max, too_many);
    (left_with(middle) <= limit ? each_max : too_many) = middle;
  }
  std::int64_t more = limit - left_with(each_max);  // one more for so many
  for (auto& one : all)
    if (one.until - one.from > each_max) one.from = one.until - each_max - (more-- > 0);
  return before - left_with(limit);
}

Task<Planned> plan_of(Request& request, const Wanted& wanted) {
  client::Client& client = request.backend.client;
  std::vector<std::string> names{wanted.topic};
  const auto metadata = must(co_await client.refresh(std::move(names)));
  const auto& topic = metadata.topics.at(0);
  if (topic.error_code != 0) throw problem_of(client::refused(topic.error_code, {}, wanted.topic), "topic");
  std::vector<core::TopicPartition> partitions;
  const auto count = static_cast<std::int32_t>(topic.partitions.size());
  for (const std::int32_t partition : wanted.partitions)
    if (partition >= count) throw problem_of(admin::missing_partition(wanted.topic, partition));
  for (std::int32_t i = 0; i < count; i++)
    if (wanted.partitions.empty() || std::ranges::find(wanted.partitions, i) != wanted.partitions.end())
      partitions.push_back({wanted.topic, i});
  Planned planned;
  planned.plan =
      must(co_await admin::plan(client, std::move(partitions), wanted.range, {}, wanted.committed));
  if (!wanted.range.bounded())
    for (auto& assignment : planned.plan.assignments) assignment.until = client::no_end;
  if (wanted.newest) planned.skipped = begin_at_newest(planned.plan.assignments, *wanted.newest);
  client::ConsumerOptions options;
  options.committed = wanted.committed;
  options.waiting_bytes_max = waiting_bytes_max;
  options.partition_bytes_max = options.fetch_bytes_max = fetch_bytes_max;
  options.skips_unreadable = true;
  planned.consumer = Consumer::create(client, std::move(options), planned.plan.assignments);
  co_return planned;
}

// Stops what reads when whoever asked is done with it.
struct Stops {
  std::shared_ptr<Consumer> consumer;
  explicit Stops(std::shared_ptr<Consumer> of) : consumer(std::move(of)) {}
  ~Stops() { consumer->stop(); }
  Stops(const Stops&) = delete;
};

// The records of what came, as far as `visit` wants them.
template <class Visit>
void each(const Planned& planned, const client::Fetched& fetched, Visit visit) {
  client::FetchedRecords records(fetched);
  for (;;) {
    const kafka::Record* record = records.next();
    if (!record && records.error() == kafka::Error::none) return;
    if (!record) {
      records.pass();
      continue;
    }
    admin::Record view;
    const auto& partition = planned.plan.assignments[fetched.which].partition;
    admin::fill(view, {fetched, records.head(), *record, partition});
    if (!visit(view)) return;
  }
}

// ---- a page ----

struct Found {
  std::int64_t time = 0;
  std::int32_t partition = 0;
  core::Offset offset = 0;
  std::string text;
};

std::tuple<std::int64_t, std::int32_t, core::Offset> order_of(const Found& found) {
  return {found.time, found.partition, found.offset};
}

void keep_newest(std::vector<Found>& all, std::size_t count) {
  if (all.size() <= count) return;
  const auto first = all.end() - static_cast<std::ptrdiff_t>(count);
  std::ranges::nth_element(all, first, {}, order_of);
  all.erase(all.begin(), first);
}

std::size_t text_bytes(const std::vector<Found>& all) {
  std::size_t bytes = 0;
  for (const Found& found : all) bytes += found.text.size();
  return bytes;
}

Task<Answer> page_of_records(Request& request, Wanted wanted) {
  const auto limit = static_cast<std::size_t>(request.number("limit", limit_default, 1, limit_max));
  if (wanted.range.last) wanted.range.last = std::min<std::int64_t>(*wanted.range.last, limit_max);
  if (request.flag("newest")) wanted.newest = static_cast<std::int64_t>(limit);
  const auto place = co_await request.backend.pages.take(page_waits_max);
  const Planned planned = co_await plan_of(request, wanted);
  const Stops stops(planned.consumer);
  const auto deadline = Clock::now() + page_takes_max;
  // The plan has the newest of each partition: which are the newest of all is seen when they are here.
  const bool of_all = wanted.range.last.has_value();
  const std::size_t count = of_all ? std::min(limit, static_cast<std::size_t>(*wanted.range.last)) : limit;
  std::vector<Found> all;
  std::size_t bytes = 0, scanned = 0;
  std::string_view stopped;
  std::vector<core::Offset> reached;
  for (const auto& assignment : planned.plan.assignments) reached.push_back(assignment.from);
  while (stopped.empty() && !planned.consumer->done()) {
    auto fetched = must(co_await Consumer::next(planned.consumer, deadline));
    if (!fetched && Clock::now() >= deadline) stopped = "time";
    if (!fetched) continue;
    reached[fetched->which] = fetched->next;
    each(planned, *fetched, [&](const admin::Record& record) {
      scanned++;
      if (!wanted.filter.matches(record)) return true;
      const bool has_room = !of_all || (all.size() < 2 * count && bytes <= page_bytes_max);
      if (!has_room) {
        keep_newest(all, count);
        bytes = text_bytes(all);
      }
      if (!of_all && all.size() == count) stopped = "limit";
      if (bytes > page_bytes_max) stopped = "bytes";
      if (!stopped.empty()) reached[fetched->which] = record.offset;
      if (!stopped.empty()) return false;
      Found& found = all.emplace_back(Found{record.timestamp, record.partition, record.offset, {}});
      wanted.envelope.write(found.text, record);
      bytes += found.text.size();
      return true;
    });
  }
  if (of_all) keep_newest(all, count);
  std::ranges::sort(all, {}, order_of);
  std::string body = "{\"items\":[";
  for (const Found& found : all) (body += &found == &all[0] ? "" : ",") += found.text;
  body += "],\"next\":{";
  for (std::size_t i = 0; i < reached.size(); i++)
    body += (i == 0 ? "\"" : ",\"") + std::to_string(planned.plan.assignments[i].partition.partition) +
            "\":" + std::to_string(reached[i]);
  body +=
      "},\"scanned\":" + std::to_string(scanned) + ",\"skipped\":" + std::to_string(planned.skipped) + ",";
  body += stopped.empty() ? "\"complete\":true}\n"
                          : "\"complete\":false,\"stopped\":\"" + std::string(stopped) + "\"}\n";
  Answer answer{
      .type = "application/json", .body = std::move(body), .fields = {{"Cache-Control", "no-store"}}};
  co_return answer;
}

// ---- all, line by line ----

Task<Answer> lines_of_records(Request& request, Wanted wanted) {
  const std::int64_t limit = request.number("limit", INT64_MAX, 1, INT64_MAX);
  const auto place = co_await request.backend.streams.take({});
  const Planned planned = co_await plan_of(request, wanted);
  const Stops stops(planned.consumer);
  Answer head{.type = "application/x-ndjson", .fields = {{"Cache-Control", "no-store"}}};
  error_code gone = co_await request.exchange.begin(std::move(head));
  if (request.exchange.head().method == "HEAD") co_return Answer{.status = 0};
  std::string piece;
  std::int64_t count = 0;
  while (!gone && count < limit && !planned.consumer->done() && !request.backend.is_stopping) {
    auto fetched = co_await Consumer::next(planned.consumer, Clock::now() + page_takes_max);
    if (!fetched) break;  // its end is missing: the client sees that it was cut short
    if (*fetched)
      each(planned, **fetched, [&](const admin::Record& record) {
        if (!wanted.filter.matches(record)) return true;
        wanted.envelope.write(piece, record);
        piece += '\n';
        return ++count < limit;
      });
    while (!gone && piece.size() >= piece_bytes) {
      std::string part = piece.substr(0, piece_bytes);
      piece.erase(0, piece_bytes);
      gone = co_await request.exchange.send(std::move(part));
    }
    if (request.exchange.is_gone()) gone = make_error_code(boost::system::errc::connection_reset);
  }
  const bool is_whole = !gone && (count >= limit || planned.consumer->done());
  if (!gone && !piece.empty()) gone = co_await request.exchange.send(std::move(piece));
  if (is_whole && !gone) co_await request.exchange.end();
  co_return Answer{.status = 0};
}

// ---- one ----

struct OneRecord {
  Planned planned;
  std::optional<client::Fetched> fetched;  // what it lies in
  core::Offset offset = 0;
};

Task<OneRecord> find_record(Request& request) {
  OneRecord one;
  one.offset = parse_number("offset", request.path("offset"), 0, INT64_MAX - 1);
  Wanted wanted;
  wanted.topic = request.path("topic");
  wanted.partitions = {request.partition()};
  wanted.range.follow = false;
  wanted.range.from = admin::Position{admin::Position::Kind::offset, one.offset};
  wanted.range.to = admin::Position{admin::Position::Kind::offset, one.offset + 1};
  wanted.range.at_end = true;
  wanted.committed = false;
  one.planned = co_await plan_of(request, wanted);
  const auto deadline = Clock::now() + page_takes_max;
  while (!one.fetched && !one.planned.consumer->done())
    one.fetched = must(co_await Consumer::next(one.planned.consumer, deadline));
  one.planned.consumer->stop();
  co_return one;
}

Problem no_record(const Request& request) {
  return Problem{.status = 404,
                 .detail = "there is no record at offset " + request.path("offset") + " of partition " +
                           request.path("partition") + " of topic \"" + request.path("topic") + "\""};
}

}  // namespace

Task<Answer> get_records(Request& request) {
  const bool as_lines = request.accepts("application/x-ndjson");
  Wanted wanted = wanted_of(request, as_lines ? "start" : "-100");
  auto answering =
      as_lines ? lines_of_records(request, std::move(wanted)) : page_of_records(request, std::move(wanted));
  co_return co_await std::move(answering);
}

Task<Answer> get_record(Request& request) {
  const OneRecord one = co_await find_record(request);
  std::string text;
  if (one.fetched)
    each(one.planned, *one.fetched, [&](const admin::Record& record) {
      admin::Envelope envelope{.level = admin::Envelope::Level::full};
      if (record.offset == one.offset) envelope.write(text, record);
      return text.empty();
    });
  if (text.empty()) throw no_record(request);
  Answer answer{.type = "application/json", .body = text + "\n"};
  co_return answer;
}

// A browser must not take it for a page of ours, whatever it holds.
Task<Answer> get_record_value(Request& request) {
  const OneRecord one = co_await find_record(request);
  bool is_there = false;
  Answer answer{.type = "application/octet-stream",
                .fields = {{"Content-Disposition", "attachment; filename=\"value\""},
                           {"Content-Security-Policy", "sandbox"}}};
  if (one.fetched)
    each(one.planned, *one.fetched, [&](const admin::Record& record) {
      if (record.offset != one.offset) return true;
      is_there = true;
      if (record.value) answer.body = *record.value;
      return false;
    });
  if (!is_there) throw no_record(request);
  co_return answer;
}

// ---- what comes ----

Task<Answer> get_tail(Request& request) {
  Wanted wanted = wanted_of(request, "end");
  wanted.range.follow = true;
  wanted.range.at_end = false;
  const std::int64_t rate_max = request.number("max_rate", limit_default, 1, 100'000);
  const auto place = co_await request.backend.streams.take({});
  const Planned planned = co_await plan_of(request, wanted);
  const Stops stops(planned.consumer);
  Answer head{.type = "text/event-stream", .body = ": mq\n\n", .fields = {{"Cache-Control", "no-store"}}};
  error_code gone = co_await request.exchange.begin(std::move(head));
  if (request.exchange.head().method == "HEAD") co_return Answer{.status = 0};
  auto second_ends = Clock::now() + std::chrono::seconds(1), ping_at = Clock::now() + ping_every;
  std::int64_t shown = 0, hidden = 0;
  while (!gone && !request.backend.is_stopping) {
    auto fetched = co_await Consumer::next(planned.consumer, second_ends);
    if (!fetched) break;
    std::string piece;
    if (*fetched)
      each(planned, **fetched, [&](const admin::Record& record) {
        if (!wanted.filter.matches(record)) return true;
        if (shown == rate_max || piece.size() > page_bytes_max) {
          hidden++;
          return true;
        }
        shown++;
        piece += "data: ";
        wanted.envelope.write(piece, record);
        piece += "\n\n";
        return true;
      });
    const auto now = Clock::now();
    if (now >= second_ends) {
      if (hidden > 0) piece += "event: hidden\ndata: {\"hidden\":" + std::to_string(hidden) + "}\n\n";
      shown = hidden = 0;
      second_ends = now + std::chrono::seconds(1);
    }
    if (now >= ping_at) piece += ": ping\n\n";
    if (now >= ping_at || !piece.empty()) ping_at = now + ping_every;
    if (!piece.empty()) gone = co_await request.exchange.send(std::move(piece));
    if (request.exchange.is_gone()) break;
  }
  co_return Answer{.status = 0};
}

}  // namespace mq::http
