// SPDX-License-Identifier: Apache-2.0
// Runs a broker in the foreground: settings, start, banner, signals, stop.
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/data_directory.h"
#include "cli/frame/command.h"
#include "cli/frame/print.h"
#include "cli/serve_signals.h"
#include "cli/systemd.h"
#include "core/broker/broker.h"
#include "core/broker/cluster_start.h"
#include "core/broker/identity.h"
#include "core/broker/logging.h"
#include "core/config/config.h"
#include "core/error.h"

namespace mq::cli {

namespace {

namespace fs = std::filesystem;
namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::string_view usual_file = "/etc/mq/mq.yaml";

// A directory for --dev, gone with the process.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (fs::temp_directory_path() / "mq-dev-XXXXXX").string();
    if (!::mkdtemp(pattern.data()))
      throw core::WrongStart(1, "cannot make a temporary directory: " + pattern);
    path_ = pattern;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// ---- settings ----

core::Sources sources_of(const Arguments& arguments, const std::optional<TemporaryDirectory>& dev) {
  core::Sources sources;
  sources.environment = core::current_environment();
  sources.sets = arguments.all("set");
  if (arguments.given("config")) {
    sources.file = arguments.text("config");
  } else if (!dev && ::access(std::string(usual_file).c_str(), R_OK) == 0) {
    sources.file = usual_file;
  }
  if (dev) {
    sources.flags.push_back({"storage.data", dev->path().string(), "--dev"});
    sources.flags.push_back({"storage.flush", "os", "--dev"});
  }
  constexpr std::pair<std::string_view, std::string_view> keys[] = {
      {"listen", "listeners"},      {"advertise", "advertise"},   {"data", "storage.data"},
      {"node-id", "node.id"},       {"rack", "node.rack"},        {"etcd", "cluster.etcd"},
      {"consul", "cluster.consul"}, {"cluster", "cluster.name"},  {"rpc", "cluster.rpc_listen"},
      {"http", "http.listen"},      {"log-format", "log.format"}, {"log-level", "log.level"}};
  for (const auto& [flag, key] : keys)
    if (const auto value = arguments.maybe(flag))
      sources.flags.push_back({std::string(key), *value, "--" + std::string(flag)});
  if (arguments.on("no-http")) sources.flags.push_back({"http.listen", "none", "--no-http"});
  return sources;
}

// All problems at once, each with its place.
Exit report_problems(const Context& context, const std::vector<core::Problem>& problems) {
  Failure failure{.exit = Exit::usage, .message = "the configuration is not valid"};
  for (const core::Problem& problem : problems) failure.details.push_back(problem.message());
  failure.hint = "all settings: mq config keys";
  return report(context, failure);
}

// ---- --check ----

struct Finding {
  enum class Kind { good, remark, bad } kind;
  std::string text;
};

Finding check_data(const fs::path& path) {
  const DataDirectory data = look_at_data(path);
  const std::string about = "data       " + path.string();
  if (!data.unfit.empty()) return {Finding::Kind::bad, about + data.unfit};
  if (!data.writable)
    return {Finding::Kind::bad,
            about + (data.exists ? " cannot be written" : " cannot be created in " + data.nearest.string())};
  try {
    core::check_format(storage::real_files(), path);
  } catch (const core::WrongStart& refused) {
    return {Finding::Kind::bad, "data       " + std::string(refused.what())};
  }
  return {Finding::Kind::good, about + (data.exists ? "" : " (will be created)") + ", " +
                                   core::human_size(data.free_bytes) + " free"};
}

// What is in the way of listening there; a name is not looked up.
error_code try_to_bind(const core::Address& listen) {
  asio::io_context loop;
  error_code error;
  const auto address = listen.host.empty() ? asio::ip::address(asio::ip::address_v6::any())
                                           : asio::ip::make_address(listen.host, error);
  if (error) return asio::error::host_not_found;
  const asio::ip::tcp::endpoint at(address, listen.port);
  asio::ip::tcp::acceptor acceptor(loop);
  acceptor.open(at.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(at, error);
  return error;
}

Finding check_listener(std::string_view what, const core::Address& listen) {
  const std::string where = std::string(what) + core::format_address(listen);
  const error_code error = try_to_bind(listen);
  if (error == asio::error::host_not_found)
    return {Finding::Kind::remark, where + " is looked up at the start"};
  if (error == asio::error::address_in_use)
    return {Finding::Kind::remark, where + " is in use now (by a broker that runs?)"};
  if (error) return {Finding::Kind::bad, where + ": " + error.message()};
  return {Finding::Kind::good, where};
}

std::vector<Finding> check_store(const core::Config& config) {
  std::vector<Finding> findings;
  const std::string about = config.consul.empty() ? "etcd       " : "consul     ";
  const core::StoreCheck check = core::check_cluster(config);
  for (const std::string& warning : check.warnings)
    findings.push_back({Finding::Kind::remark, about + warning});
  if (check.refusal.empty())
    findings.push_back({Finding::Kind::good, about + (check.version.empty() ? "answers" : check.version)});
  else
    findings.push_back({Finding::Kind::bad, about + check.refusal});
  return findings;
}

Exit check(Context& context, core::Config config) {
  std::vector<Finding> findings{{Finding::Kind::good, "settings   valid"}, check_data(config.data)};
  if (!config.is_alone()) {
    core::add_internal_listener(config);
    for (Finding& finding : check_store(config)) findings.push_back(std::move(finding));
  }
  for (const core::Listener& listener : config.listeners)
    findings.push_back(check_listener("listener   ", listener.listen));
  if (config.http.at) findings.push_back(check_listener("http       ", *config.http.at));
  bool good = true;
  for (const Finding& finding : findings) {
    const bool bad = finding.kind == Finding::Kind::bad;
    good = good && !bad;
    const std::string mark = bad ? "✗ " : finding.kind == Finding::Kind::remark ? "! " : "✓ ";
    context.write(mark + finding.text + "\n");
  }
  return good ? Exit::ok : Exit::condition;
}

// ---- the running broker ----

std::string text_of(const asio::ip::tcp::endpoint& endpoint) {
  std::ostringstream text;
  text << endpoint;
  return text.str();
}

void say_ready(const Context& context, const core::Config& config, const core::Broker::Ready& ready,
               std::chrono::milliseconds took) {
  std::string addresses;
  for (const auto& endpoint : ready.listeners)
    addresses += (addresses.empty() ? "" : ",") + text_of(endpoint);
  const std::string amount = counted(static_cast<std::int64_t>(ready.topics), "topic") + ", " +
                             counted(static_cast<std::int64_t>(ready.partitions), "partition") + ", " +
                             human_bytes(static_cast<std::int64_t>(ready.bytes), false);
  if (!context.err_tty || context.quiet) {
    const std::string http = ready.http ? ", http " + text_of(*ready.http) : "";
    spdlog::info("ready in {} ms, kafka {}{}, node {}, cluster {}, data {}, {}", took.count(), addresses,
                 http, ready.identity.node_id, ready.identity.cluster_id, config.data.string(), amount);
    return;
  }
  bool loopback = true;
  for (const auto& endpoint : ready.listeners) loopback = loopback && endpoint.address().is_loopback();
  const std::string bold = context.color_err ? "\033[1m" : "", plain = context.color_err ? "\033[0m" : "";
  context.say(bold + "mq " MQ_VERSION + plain + (config.is_alone() ? "  standalone broker " : "  broker ") +
              std::to_string(ready.identity.node_id) + "  cluster " + ready.identity.cluster_id + "\n");
  context.say("  kafka  " + addresses +
              (loopback ? "   (loopback only; use --listen :9092 to accept remote clients)" : "") + "\n");
  if (ready.http) context.say("  http   http://" + text_of(*ready.http) + "/\n");
  context.say("  data   " + config.data.string() + "   " + amount + ", recovered in " +
              std::to_string(ready.recovery.took.count()) + " ms\n");
  context.say("ready in " + std::to_string(took.count()) +
              " ms.  Try:  echo hello | mq produce test --create   |   mq tail test\n");
}

class PidFile {
 public:
  explicit PidFile(std::string path) : path_(std::move(path)) {
    if (path_.empty()) return;
    std::ofstream out(path_);
    if (!(out << ::getpid() << '\n')) throw core::WrongStart(1, "cannot write " + path_);
  }
  ~PidFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  PidFile(const PidFile&) = delete;

 private:
  std::string path_;
};

// The soft limit is low for programs that use select(); we do not. Without the right to raise it stays.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

Exit run_broker(const Context& context, const Arguments& arguments, const core::Config& config) {
  core::set_up_logging(config);
  raise_descriptor_limit();
  const auto began = std::chrono::steady_clock::now();
  asio::io_context loop(1);
  IgnoredSignals ignored(loop);
  core::Broker broker(loop, config);
  broker.start([&](const core::Broker::Ready& ready) {
    const auto took = std::chrono::steady_clock::now() - began;
    say_ready(context, config, ready, std::chrono::duration_cast<std::chrono::milliseconds>(took));
    tell_systemd("READY=1");
  });
  const PidFile pid_file(arguments.text("pid-file"));
  StopSignals signals(loop, broker, config, context.err_tty);
  loop.run();
  if (signals.late()) {
    spdlog::error("the stop took longer than {}", core::format_duration(config.shutdown_timeout));
    ::_exit(1);
  }
  spdlog::info("stopped");
  return Exit::ok;
}

Exit run_serve(Context& context, const Arguments& arguments) {
  try {
    std::optional<TemporaryDirectory> dev;
    if (arguments.on("dev")) {
      if (arguments.given("data"))
        throw UsageError("--dev has a data directory of its own", "leave out --data, or --dev");
      dev.emplace();
    }
    core::Loaded loaded = core::load(sources_of(arguments, dev));
    core::Config& config = loaded.config;
    const bool is_taken =
        dev && !config.is_set("http.listen") && config.http.at && try_to_bind(*config.http.at);
    if (is_taken) config.http.at->port = 0;  // another one runs, to try things
    if (!loaded.problems.empty()) return report_problems(context, loaded.problems);
    if (const auto which = arguments.maybe("print-config")) {
      if (*which != "true" && *which != "all")
        throw UsageError("--print-config: " + in_quotes(*which) + " is not all");
      return context.answer(core::print(loaded.config, *which == "all"));
    }
    if (arguments.on("check")) return check(context, loaded.config);
    return run_broker(context, arguments, loaded.config);
  } catch (const core::WrongStart& wrong) {
    return report(context, {.exit = static_cast<Exit>(wrong.exit_code), .message = wrong.what()});
  }
}

}  // namespace

extern const Command serve{
    .name = "serve",
    .summary = "Run a broker.",
    .examples = {{"mq serve --dev", "to try things: its data goes when it stops"},
                 {"mq serve --data ./data --listen :9092", "for clients on other machines"},
                 {"mq serve --etcd http://10.0.0.5:2379 --listen :9092", "one of a cluster"},
                 {"mq serve --config mq.yaml --check", "would it start?"},
                 {"mq serve --print-config=all", "every setting, and where it comes from"}},
    .flags =
        {{.name = "config",
          .kind = Kind::file,
          .value = "FILE",
          .help = "settings (default: /etc/mq/mq.yaml when it can be read)",
          .env = "MQ_SERVE_CONFIG"},
         {.name = "dev",
          .help = "throw-away mode: data in a new temporary directory, no waiting for the disk"},
         {.name = "listen",
          .kind = Kind::text,
          .value = "ADDR[,…]",
          .help = "where to listen, 127.0.0.1:9092 unless set; :9092 is all interfaces, port 0 any free one "
                  "(MQ_LISTEN)"},
         {.name = "advertise",
          .kind = Kind::text,
          .value = "ADDR[,…]",
          .help = "what clients are told; auto: the address they came to (MQ_ADVERTISE)"},
         {.name = "data", .kind = Kind::directory, .value = "DIR", .help = "where records lie (MQ_DATA)"},
         {.name = "node-id",
          .kind = Kind::text,
          .value = "N",
          .help = "this broker's number; given once and remembered otherwise (MQ_NODE_ID)"},
         {.name = "rack", .kind = Kind::text, .value = "R", .help = "where this broker stands (MQ_RACK)"},
         {.name = "etcd",
          .kind = Kind::text,
          .value = "URL[,…]",
          .help = "members of the etcd that all brokers of a cluster share; without it a broker is alone "
                  "(MQ_ETCD)"},
         {.name = "consul",
          .kind = Kind::text,
          .value = "URL[,…]",
          .help = "agents of the Consul that they share instead (MQ_CONSUL)"},
         {.name = "cluster",
          .kind = Kind::text,
          .value = "NAME",
          .help = "name of the cluster in that etcd or Consul, mq unless set (MQ_CLUSTER)"},
         {.name = "rpc",
          .kind = Kind::text,
          .value = "ADDR",
          .help = "where other brokers are answered; auto: the host of the first listener, port 7092 "
                  "(MQ_RPC_LISTEN)"},
         {.name = "http",
          .kind = Kind::text,
          .value = "ADDR",
          .help = "where the page, the REST API, metrics and probes are, 127.0.0.1:8092 unless set; any free "
                  "port "
                  "when that of --listen is 0 (MQ_HTTP_LISTEN)"},
         {.name = "no-http", .help = "none of these"},
         {.name = "set",
          .letter = 'c',
          .kind = Kind::broker_key,
          .value = "KEY=VALUE",
          .help = "any setting; beats everything else",
          .repeatable = true},
         {.name = "check", .help = "look at settings, directory and addresses, say what is found, and end"},
         {.name = "print-config",
          .kind = Kind::text,
          .value = "all",
          .help = "print the settings and where they come from, and end",
          .choices = "all",
          .optional = true},
         {.name = "log-format",
          .kind = Kind::choice,
          .value = "FMT",
          .help = "auto, text, json or journal (MQ_LOG_FORMAT)",
          .choices = "auto|text|json|journal"},
         {.name = "log-level",
          .kind = Kind::text,
          .value = "LEVEL[,MODULE=LEVEL]",
          .help = "error, warn, info, debug or trace (MQ_LOG_LEVEL)"},
         {.name = "pid-file",
          .kind = Kind::file,
          .value = "FILE",
          .help = "write the process's number there"}},
    .more =
        "SIGTERM and SIGINT (Ctrl-C) stop it in order, exit code 0; a second one ends it at once. Settings "
        "come from, strongest\n"
        "first: --set, the other flags, MQ_… variables, the file; see mq config keys.\n"
        "Exit codes: 0 stopped in order, 1 it failed, 2 bad settings, 5 the cluster cannot be joined, 7 the "
        "data "
        "directory is in use, or\nanother node's or cluster's.",
    .see = "man mq-serve, mq config template",
    .run = run_serve};

}  // namespace mq::cli
