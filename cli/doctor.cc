// SPDX-License-Identifier: Apache-2.0
// Looks at the way to a cluster step by step, or at the machine a broker runs on; changes nothing.
#include <sys/resource.h>
#include <sys/timex.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <filesystem>
#include <fstream>

#include "cli/data_directory.h"
#include "cli/topic/topic.h"
#include "core/config/config.h"
#include "core/config/scalars.h"

namespace mq::cli {

namespace {

namespace fs = std::filesystem;

enum class Health { good, doubtful, bad };

// All that other commands say about a failure, in one line.
std::string whole(const Failure& failure) {
  std::string origin = failure.kafka;
  if (!failure.broker.empty()) origin += (origin.empty() ? "" : ", ") + failure.broker;
  std::string text = failure.message + (origin.empty() ? "" : " (" + origin + ")");
  for (const std::string& detail : failure.details)
    text += (&detail == &failure.details[0] ? ": " : "; ") + detail;
  return text;
}

// What was looked at so far; the first connection that cannot be made ends it with 5.
struct Report {
  std::vector<json::object> rows;
  Exit exit = Exit::ok;

  void add(Health health, std::string_view step, const std::string& text, std::string_view remedy = {}) {
    json::object row{{"step", step},
                     {"status", health == Health::good       ? "ok"
                                : health == Health::doubtful ? "warning"
                                                             : "failed"},
                     {"text", text}};
    if (!remedy.empty()) row["remedy"] = remedy;
    rows.push_back(std::move(row));
    if (health == Health::bad && exit == Exit::ok) exit = Exit::condition;
  }
  void fail(std::string_view step, const client::Failure& failure, std::string_view what = "topic") {
    const Failure told = failure_from(failure, what);
    add(Health::bad, step, whole(told), told.hint);
  }
};

std::string step_line(const Context& context, const json::object& row, bool) {
  const std::string_view status = row.at("status").get_string();
  const bool good = status == "ok", bad = status == "failed";
  const std::string mark = context.unicode ? (good ? "✓" : bad ? "✗" : "!") : (good ? "+" : bad ? "x" : "!");
  const char* color = good ? "\033[32m" : bad ? "\033[31m" : "\033[33m";
  std::string step(row.at("step").get_string());
  step.resize(std::max<std::size_t>(step.size(), 11), ' ');
  std::string text = context.color_out ? color + mark + "\033[0m " : mark + " ";
  text += step + std::string(row.at("text").get_string()) + "\n";
  if (const json::value* remedy = row.if_contains("remedy"))
    text += "             " + std::string(remedy->get_string()) + "\n";
  return text;
}

// ---- the way to the cluster ----

std::int64_t milliseconds(client::Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

bool is_loopback(const std::string& host) {
  if (host == "localhost") return true;
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(host, error);
  return !error && address.is_loopback();
}

std::string reasons(const client::Probe& probe) {
  std::string text;
  for (const client::Attempt& attempt : probe.attempts)
    text += (text.empty() ? "" : "; ") + attempt.address + ": " + attempt.reason;
  return text.empty() ? "no address" : text;
}

bool connect(client::Cluster& cluster, const client::Options& options, Report& report) {
  bool any_connected = false;
  for (const client::Address& address : options.brokers) {
    const std::string name = client::Broker{-1, address.host, address.port, ""}.address();
    const client::Probe probe = cluster.probe(address);
    any_connected = any_connected || probe.connected;
    if (probe.connected)
      report.add(Health::good, "tcp",
                 name + " (" + probe.address + ") " + std::to_string(milliseconds(probe.took)) + " ms");
    else
      report.add(Health::bad, "tcp", reasons(probe), hint_for(probe.attempts));
  }
  if (!any_connected) report.exit = Exit::unreachable;
  return any_connected;
}

bool speak(client::Cluster& cluster, Report& report) {
  const auto versions = cluster.api_versions();
  if (!versions) {
    report.fail("protocol", versions.error());
    if (versions.error().what == client::Failure::What::unreachable) report.exit = Exit::unreachable;
    return false;
  }
  report.add(Health::good, "protocol",
             "answers " + std::to_string(versions->api_keys.size()) + " kinds of requests");
  return true;
}

void look_at_advertised(client::Cluster& cluster, const client::Options& options,
                        const kafka::MetadataResponse& metadata, Report& report) {
  const bool remote = std::none_of(options.brokers.begin(), options.brokers.end(),
                                   [](const client::Address& address) { return is_loopback(address.host); });
  for (const auto& broker : metadata.brokers) {
    const client::Address address{broker.host, static_cast<std::uint16_t>(broker.port)};
    const std::string name = "broker " + std::to_string(broker.node_id) + " is advertised as " +
                             client::Broker{broker.node_id, broker.host, address.port, ""}.address();
    if (remote && is_loopback(broker.host)) {
      report.add(Health::bad, "advertise", name + ", which from here is this machine",
                 "on the broker set: advertise: " + options.brokers.front().host + ":" +
                     std::to_string(broker.port) + "   (or leave it at auto)");
      continue;
    }
    const client::Probe probe = cluster.probe(address);
    if (probe.connected)
      report.add(Health::good, "advertise",
                 name + ", reached in " + std::to_string(milliseconds(probe.took)) + " ms");
    else
      report.add(Health::bad, "advertise", name + ", which cannot be reached from here: " + reasons(probe),
                 "on the broker set advertise: to an address that clients can reach");
  }
}

// A broker answers an error for a directory that takes no writes: full, failed, or one that does not answer.
void look_at_log_dirs(client::Cluster& cluster, Report& report) {
  std::vector<kafka::DescribeLogDirsRequest::DescribableLogDirTopic> no_topics;
  const auto all = cluster.describe_log_dirs(std::move(no_topics));
  if (!all) return report.fail("log dir", all.error());
  for (const client::LogDirs& of : *all) {
    if (!of.answer) {
      report.fail("log dir", of.answer.error());
      continue;
    }
    for (const auto& dir : of.answer->results) {
      std::string text = "broker " + std::to_string(of.broker.id) + ", " + dir.log_dir;
      if (dir.usable_bytes >= 0)
        text += ": " + core::human_size(static_cast<std::uint64_t>(dir.usable_bytes)) + " free";
      if (dir.error_code == 0)
        report.add(Health::good, "log dir", text);
      else
        report.add(Health::bad, "log dir", text + "; takes no writes now",
                   "the broker's log says why: the disk is full, has failed, or does not answer");
    }
  }
}

void look_at_cluster(client::Cluster& cluster, const client::Options& options, Report& report) {
  const auto metadata = cluster.metadata();
  if (!metadata) return report.fail("metadata", metadata.error());
  const bool has_controller =
      std::any_of(metadata->brokers.begin(), metadata->brokers.end(),
                  [&](const auto& broker) { return broker.node_id == metadata->controller_id; });
  report.add(has_controller ? Health::good : Health::bad, "metadata",
             "cluster " + metadata->cluster_id.value_or("(no id)") + ", " +
                 counted(static_cast<std::int64_t>(metadata->brokers.size()), "broker") + ", " +
                 counted(static_cast<std::int64_t>(metadata->topics.size()), "topic") + ", " +
                 (has_controller ? "controller " + std::to_string(metadata->controller_id) : "no controller"),
             has_controller ? "" : "topics cannot be created or altered now");
  look_at_advertised(cluster, options, *metadata, report);
  look_at_log_dirs(cluster, report);
}

// What the broker says we may do; asks nothing that would leave a trace.
void look_at_topic(client::Cluster& cluster, const std::string& name, const Context& context,
                   Report& report) {
  constexpr std::int32_t read = 1 << 3, write = 1 << 4, unknown = INT32_MIN;
  kafka::MetadataRequest request;
  request.topics.emplace().emplace_back().name = name;
  request.allow_auto_topic_creation = false;
  request.include_topic_authorized_operations = true;
  auto asked = cluster.run(cluster.client().call<kafka::MetadataResponse>(
      client::any_broker, std::move(request), context.timeout));
  if (!asked) return report.fail("topic", asked.error());
  for (const auto& topic : asked->topics) {
    if (topic.error_code != 0) return report.fail("topic", client::refused(topic.error_code, {}, name));
    const std::int32_t may = topic.topic_authorized_operations;
    if (may == unknown) {
      report.add(Health::doubtful, "topic", name + ": the broker does not tell what is allowed");
    } else {
      const bool both = (may & read) && (may & write);
      report.add(both ? Health::good : Health::bad, "topic",
                 name + ((may & read) ? ": may be read" : ": may not be read") +
                     ((may & write) ? ", may be written" : ", may not be written"));
    }
  }
  std::vector<admin::TopicState> topics =
      must(cluster.run(admin::select, std::vector{admin::Selector(name)}, true)).topics;
  cluster.run(admin::add_offsets, topics);
  for (const admin::TopicState& topic : topics)
    for (const admin::PartitionState& partition : topic.partitions)
      if (!partition.end)
        report.add(Health::bad, "topic", name + ":" + std::to_string(partition.number) + " does not answer",
                   "has it a leader?  mq topic describe " + name);
}

// ---- the machine ----

void look_at_files(Report& report) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  constexpr rlim_t enough = 65'536;
  const std::string text = "limit of open files " + std::to_string(limit.rlim_max);
  if (limit.rlim_max >= enough) return report.add(Health::good, "files", text);
  report.add(Health::doubtful, "files", text, "raise it: LimitNOFILE=1048576 in the unit, or ulimit -Hn");
}

void look_at_file_system(const DataDirectory& data, Report& report) {
  constexpr unsigned nfs = 0x6969, tmpfs = 0x01021994, overlay = 0x794c7630, fuse = 0x65735546;
  const std::string name = data.path.string();
  if (data.file_system == nfs || data.file_system == fuse)
    report.add(Health::doubtful, "disk", name + " lies on a network file system",
               "use a local disk: acknowledgements rely on what fsync promises");
  if (data.file_system == tmpfs)
    report.add(Health::doubtful, "disk", name + " lies in memory", "it is gone when the machine restarts");
  if (data.file_system == overlay)
    report.add(Health::doubtful, "disk", name + " lies in a container's layer",
               "mount a volume there, or it goes with the container");
}

void look_at_disk(const fs::path& path, Report& report) {
  const DataDirectory data = look_at_data(path);
  if (!data.unfit.empty())
    return report.add(Health::bad, "disk", path.string() + data.unfit, "give the broker another --data");
  if (!data.exists)
    report.add(Health::doubtful, "disk",
               path.string() + " does not exist" +
                   (data.writable ? "" : ", and we could not create it in " + data.nearest.string()),
               data.writable ? "a broker creates it; is it the one that is meant?"
                             : "create it, and give it to the user that the broker runs as");
  look_at_file_system(data, report);
  const bool enough = data.free_bytes > data.all_bytes / 10 || data.free_bytes > (std::uint64_t{20} << 30);
  report.add(enough ? Health::good : Health::doubtful, "disk",
             data.nearest.string() + ": " + core::human_size(data.free_bytes) + " of " +
                 core::human_size(data.all_bytes) + " free",
             enough ? "" : "below storage.min_free writes are refused; shorten retention.ms or make room");
}

void look_at_kernel(Report& report) {
  std::ifstream file("/sys/kernel/mm/transparent_hugepage/enabled");
  std::string setting;
  if (std::getline(file, setting)) {
    const bool always = setting.find("[always]") != setting.npos;
    report.add(
        always ? Health::doubtful : Health::good, "memory", "transparent huge pages: " + setting,
        always ? "pauses are shorter with: echo madvise > /sys/kernel/mm/transparent_hugepage/enabled" : "");
  }
  timex clock{};
  const int state = ::adjtimex(&clock);
  const bool synchronized = state != TIME_ERROR && !(clock.status & STA_UNSYNC);
  if (state < 0) return;
  report.add(synchronized ? Health::good : Health::doubtful, "clock",
             synchronized ? "is synchronized" : "is not synchronized, or nobody says so",
             synchronized ? "" : "retention goes by the records' times: run chrony or systemd-timesyncd");
}

void look_at_host(const Arguments& arguments, Report& report) {
  core::Sources sources;
  sources.environment = core::current_environment();
  const core::Loaded loaded = core::load(sources);
  look_at_files(report);
  look_at_disk(arguments.given("data") ? fs::path(arguments.text("data")) : loaded.config.data, report);
  look_at_kernel(report);
}

Exit run_doctor(Context& context, const Arguments& arguments) {
  Report report;
  if (arguments.on("host")) {
    look_at_host(arguments, report);
  } else {
    const client::Options options = client_options(context);
    client::Cluster cluster(options);
    if (connect(cluster, options, report) && speak(cluster, report)) {
      look_at_cluster(cluster, options, report);
      if (arguments.given("topic")) look_at_topic(cluster, arguments.text("topic"), context, report);
    }
  }
  const Table table{
      .columns = {{"step", "STEP"}, {"status", "STATUS"}, {"text", "TEXT"}, {"remedy", "REMEDY"}},
      .name = "step",
      .page = step_line};
  return print(context, arguments, table, std::move(report.rows), Shape::list, report.exit);
}

}  // namespace

extern const Command doctor{
    .name = "doctor",
    .summary = "Look at the way to a cluster, or at the machine of a broker, and say what is wrong.",
    .uses = connects | rows,
    .examples = {{"mq doctor -b host:9092", "connection, protocol, advertised addresses"},
                 {"mq doctor --topic orders", "and whether that topic can be read and written"},
                 {"mq doctor --host --data /var/lib/mq", "on the broker's machine"}},
    .flags = {{.name = "topic",
               .letter = 't',
               .kind = Kind::topic,
               .value = "TOPIC",
               .help = "look at this topic, too"},
              {.name = "host", .help = "look at this machine instead: limits, disk, memory, clock"},
              {.name = "data",
               .kind = Kind::directory,
               .value = "DIR",
               .help = "with --host: the data directory"}},
    .more =
        "Nothing is changed. Exit code 0 when all is well, 9 when something is wrong, 5 when no broker could "
        "be reached.",
    .see = "man mq-doctor",
    .run = run_doctor};

}  // namespace mq::cli
