// SPDX-License-Identifier: Apache-2.0
#include "core/http/scrape.h"

#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

#include "core/handlers/routes.h"
#include "core/http/request.h"
#include "core/http/routes.h"
#include "core/metrics/exposition.h"
#include "core/metrics/table.h"

namespace mq::http {

namespace {

using core::metric, core::MetricFamily, core::NamedSet;
using core::other_label;

// Those whose time is told apart; the rest is one series.
constexpr auto busy_apis = std::to_array<std::string_view>(
    {"Produce", "Fetch", "ListOffsets", "Metadata", "FindCoordinator", "JoinGroup", "SyncGroup", "Heartbeat",
     "OffsetCommit", "OffsetFetch", "InitProducerId", "ConsumerGroupHeartbeat"});

NamedSet::Counters counters_of(const core::Traffic& traffic) {
  return {traffic.records_in, traffic.bytes_in, traffic.records_out, traffic.bytes_out};
}

// What the loop knows.
struct Known {
  net::ServerStats network;
  storage::JournalStats journal;
  storage::Recovery recovery;
  core::RequestMetrics::Counts requests;
  std::size_t topics = 0;
  std::string not_ready;
};

Task<Known> ask(const Backend& backend) {
  auto question = [&broker = backend.broker, network = backend.network, not_ready = backend.not_ready] {
    return Known{network(),
                 broker.journal.stats(),
                 broker.journal.recovery(),
                 broker.requests.counts(),
                 broker.catalog.all().size(),
                 not_ready()};
  };
  co_return co_await backend.door->ask(question);
}

template <class Value>
void put(std::string& to, const core::Metric& row, Value value) {
  MetricFamily family(row, 1);
  family.add({}, value);
  family.write(to);
}

// ---- the process ----

std::uint64_t resident_bytes() {
  std::uint64_t virtual_pages = 0, resident_pages = 0;
  std::ifstream("/proc/self/statm") >> virtual_pages >> resident_pages;
  return resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

std::uint64_t open_files() {
  std::error_code failed;
  std::uint64_t count = 0;
  for (std::filesystem::directory_iterator at("/proc/self/fd", failed), end; !failed && at != end;
       at.increment(failed))
    count++;
  return count;
}

void put_process(std::string& to, const Backend& backend, const Known& known) {
  MetricFamily build(metric("mq_build_info"), 1);
  build.add({MQ_VERSION, "", backend.config.is_alone() ? "standalone" : "cluster"}, 1);
  build.write(to);
  MetricFamily state(metric("mq_broker_state"), 2);
  state.add({"running"}, known.not_ready.empty() ? 1 : 0);
  state.add({"not ready"}, known.not_ready.empty() ? 0 : 1);
  state.write(to);
  const std::chrono::duration<double> up = std::chrono::steady_clock::now() - backend.started;
  put(to, metric("mq_uptime_seconds"), up.count());
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  put(to, metric("process_cpu_seconds_total"), seconds_of(used.ru_utime) + seconds_of(used.ru_stime));
  put(to, metric("process_resident_memory_bytes"), resident_bytes());
  put(to, metric("process_start_time_seconds"), static_cast<double>(backend.started_ms) / 1000);
  put(to, metric("process_open_fds"), open_files());
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0)
    put(to, metric("process_max_fds"), std::uint64_t{limit.rlim_cur});
}

// ---- requests ----

void put_requests(std::string& to, const Known& known) {
  const auto routes = core::routes();
  MetricFamily answered(metric("mq_requests_total"), routes.size());
  MetricFamily durations(metric("mq_request_duration_seconds"), 20 * (busy_apis.size() + 1));
  std::map<std::string_view, core::DurationCounts> by_api;
  for (std::size_t i = 0; i < routes.size(); i++) {
    const auto& route = known.requests.routes[i];
    answered.add({routes[i].name}, route.answered);
    const bool is_busy = std::ranges::find(busy_apis, routes[i].name) != busy_apis.end();
    durations.add({is_busy ? routes[i].name : std::string_view("other")}, route.duration);
  }
  answered.write(to);
  durations.write(to);
  MetricFamily errors(metric("mq_request_errors_total"), core::RequestMetrics::errors_max + routes.size());
  for (const auto& [of, count] : known.requests.errors) {
    const bool is_other = of.second == core::RequestMetrics::other_error;
    errors.add({routes[of.first].name, is_other ? "other" : kafka::name_of(kafka::error_of(of.second))},
               count);
  }
  errors.write(to);
}

// ---- what lies on the disk ----

void put_storage(std::string& to, const Backend& backend, const Known& known) {
  put(to, metric("mq_log_flushes_total"), known.journal.syncs);
  put(to, metric("mq_log_written_bytes_total"), known.journal.written_bytes);
  put(to, metric("mq_log_segments"), known.journal.segments);
  put(to, metric("mq_log_recovery_seconds"), static_cast<double>(known.recovery.took.count()) / 1000);
  const std::string dir = backend.config.data.string();
  struct statvfs disk {};
  if (::statvfs(dir.c_str(), &disk) == 0) {
    MetricFamily total(metric("mq_disk_total_bytes"), 1), free(metric("mq_disk_free_bytes"), 1);
    total.add({dir}, std::uint64_t{disk.f_blocks} * disk.f_frsize);
    free.add({dir}, std::uint64_t{disk.f_bavail} * disk.f_frsize);
    total.write(to);
    free.write(to);
  }
  MetricFamily blocked(metric("mq_disk_write_blocked"), 1);
  blocked.add({dir}, known.journal.full || known.journal.failed ? 1 : 0);
  blocked.write(to);
}

// ---- topics ----

void put_traffic(std::string& to, const NamedSet::Series& series, const NamedSet::Counters& total) {
  put(to, metric("mq_broker_records_in_total"), total[0]);
  put(to, metric("mq_broker_bytes_in_total"), total[1]);
  put(to, metric("mq_broker_records_out_total"), total[2]);
  put(to, metric("mq_broker_bytes_out_total"), total[3]);
  const core::Metric* const rows[] = {&metric("mq_records_in_total"), &metric("mq_bytes_in_total"),
                                      &metric("mq_records_out_total"), &metric("mq_bytes_out_total")};
  for (std::size_t i = 0; i < std::size(rows); i++) {
    MetricFamily family(*rows[i], Scrape::topics_max + 1);
    for (const auto& topic : series.named) family.add({topic.name}, topic.counted[i]);
    // Without what had series that ended: they do not come back as traffic.
    family.add({other_label}, series.other[i] - series.ended[i]);
    family.write(to);
  }
}

}  // namespace

// Copied in turns that give way, by name: topics may come and go meanwhile.
Task<Scrape::Topics> Scrape::ask_topics(Backend& backend, bool all) {
  std::vector<std::string> names;
  if (!all)
    for (const auto& [name, id] : ids_) names.push_back(name);
  auto copy = [](const core::Services& broker, bool everything,
                 std::vector<std::string> wanted) -> Task<Topics> {
    core::Pace pace(broker.loop.get_executor(), broker.clock);
    Topics topics;
    topics.are_all = everything;
    const auto add = [&](const core::Topic& topic) {
      if (const core::Traffic* traffic = broker.partitions.traffic(topic.id))
        topics.some.push_back({topic.name, topic.id, counters_of(*traffic)});
      else
        topics.some.push_back({topic.name, topic.id, {}});
    };
    const auto& known = broker.catalog.all();
    for (auto at = known.begin(); everything && at != known.end(); ++at) {
      if (pace.due()) {
        const std::string name = at->first;
        co_await pace.give_way();
        at = known.lower_bound(name);
        if (at == known.end()) break;
      }
      add(*at->second);
    }
    for (const std::string& name : wanted)
      if (const auto topic = known.find(name); topic != known.end()) add(*topic->second);
    topics.count = known.size();
    topics.total = counters_of(broker.partitions.traffic());
    co_return topics;
  };
  auto start = [copy, &broker = backend.broker, all, names = std::move(names)] {
    return copy(broker, all, names);
  };
  co_return co_await backend.door->run(std::move(start));
}

NamedSet::Series Scrape::series_of(const Topics& topics) {
  const auto now = std::chrono::steady_clock::now();
  std::map<std::string_view, const Topic*> by_name;
  for (const Topic& topic : topics.some) by_name[topic.name] = &topic;
  std::erase_if(ids_, [&](const auto& known) {
    const auto found = by_name.find(known.first);
    const bool is_there = found != by_name.end() && found->second->id == known.second;
    if (!is_there) named_.removed(known.first);
    return !is_there;
  });
  if (topics.are_all) {
    std::vector<NamedSet::Candidate> candidates;
    for (const Topic& topic : topics.some) {
      if (!named_.contains(topic.name)) named_.created({topic.name, {}, 0}, topics.count, now);
      candidates.push_back({topic.name, topic.counted, topic.counted[1] + topic.counted[3]});
    }
    if (named_.choice_due(now)) named_.choose(candidates, now);
    ids_.clear();
    for (const Topic& topic : topics.some)
      if (named_.contains(topic.name)) ids_[topic.name] = topic.id;
  }
  const auto counted = [&](std::string_view name) { return by_name.at(name)->counted; };
  return named_.collect(counted, topics.total);
}

Task<std::string> Scrape::text(Backend& backend) {
  const Known known = co_await ask(backend);
  const bool all = known.topics <= topics_max || named_.choice_due(std::chrono::steady_clock::now());
  const Topics topics = co_await ask_topics(backend, all);
  const NamedSet::Series series = series_of(topics);
  std::string text;
  put_process(text, backend, known);
  put_traffic(text, series, topics.total);
  put_requests(text, known);
  put_storage(text, backend, known);
  MetricFamily connections(metric("mq_connections"), 1), opened(metric("mq_connections_opened_total"), 1);
  connections.add({"all"}, known.network.connections);
  opened.add({"all"}, known.network.accepted);
  connections.write(text);
  opened.write(text);
  co_return text;
}

Task<Answer> get_metrics(Request& request) {
  Answer answer{.type = "text/plain; version=0.0.4; charset=utf-8",
                .fields = {{"Cache-Control", "no-store"}}};
  answer.body = co_await request.backend.scrape.text(request.backend);
  co_return answer;
}

}  // namespace mq::http
