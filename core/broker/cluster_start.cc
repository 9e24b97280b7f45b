// SPDX-License-Identifier: Apache-2.0
#include "core/broker/cluster_start.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/host_name.hpp>
#include <boost/asio/ip/udp.hpp>

#include "core/broker/identity.h"
#include "core/cluster/restored_store.h"
#include "core/error.h"
#include "core/metadata/consul_store.h"
#include "core/metadata/embedded_store.h"
#include "core/metadata/etcd_store.h"
#include "core/metadata/migration.h"
#include "storage/error.h"
#include "storage/lock.h"

namespace mq::core {

namespace {

constexpr std::uint16_t internal_port = 7092;
constexpr auto connect_within = std::chrono::seconds(3);

// Without what ends the line.
std::string secret_in(const std::filesystem::path& path, const std::string& what) {
  if (path.empty()) return {};
  auto file = storage::real_files().open(path, storage::FileSystem::Mode::read);
  std::string text(4096, '\0');
  const auto size = file ? (*file)->read(std::as_writable_bytes(std::span(text)), 0)
                         : storage::Result<std::size_t>(file.error());
  if (!size)
    throw WrongStart(2,
                     "the " + what + " cannot be read from " + path.string() + ": " + size.error().message());
  text.resize(*size);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

EtcdOptions etcd_options(const Config& config, asio::any_io_executor workers) {
  EtcdOptions options;
  options.endpoints = config.etcd;
  options.prefix = "/mq/" + config.cluster_name + "/";
  options.session_ttl = std::chrono::ceil<std::chrono::seconds>(config.session_timeout);
  options.user = config.etcd_user;
  options.password = secret_in(config.etcd_password_file, "password of etcd");
  options.tls = {config.etcd_ca.string(), config.etcd_certificate.string(), config.etcd_key.string()};
  options.workers = std::move(workers);
  return options;
}

ConsulOptions consul_options(const Config& config, asio::any_io_executor workers) {
  ConsulOptions options;
  options.endpoints = config.consul;
  options.prefix = "mq/" + config.cluster_name + "/";
  options.session_ttl = std::max(ConsulOptions::session_ttl_min,
                                 std::chrono::ceil<std::chrono::seconds>(config.session_timeout));
  options.token = secret_in(config.consul_token_file, "token of Consul");
  options.tls = {config.consul_ca.string(), config.consul_certificate.string(), config.consul_key.string()};
  options.workers = std::move(workers);
  return options;
}

// Before there is a loop: what cannot be, throws now.
std::function<std::unique_ptr<MetadataStore>(asio::io_context& loop, const Identity&)> opener(
    const Config& config, const Clock& clock, asio::any_io_executor workers) {
  if (config.consul.empty())
    return [options = etcd_options(config, std::move(workers)), &clock](asio::io_context& loop,
                                                                        const Identity&) {
      return std::make_unique<EtcdStore>(loop, clock, options);
    };
  return [options = consul_options(config, std::move(workers)), &clock](asio::io_context& loop,
                                                                        const Identity&) {
    return std::make_unique<ConsulStore>(loop, clock, options);
  };
}

Task<Result<std::shared_ptr<net::Client>>> connect(Endpoint endpoint) {
  co_return co_await net::Client::connect(endpoint.host, endpoint.port, connect_within);
}

// The address of this machine on the way to the first member of the store that has one; its name otherwise.
// Nothing is sent.
std::string own_address(const Config& config) {
  asio::io_context loop;
  asio::ip::udp::resolver resolver(loop);
  for (const std::string& url : config.consul.empty() ? config.etcd : config.consul) {
    const auto member = net::http::parse_endpoint(url);
    error_code error;
    const auto found = resolver.resolve(member->host, std::to_string(member->port), error);
    for (const auto& entry : found) {
      asio::ip::udp::socket socket(loop);
      socket.connect(entry.endpoint(), error);
      if (!error) return socket.local_endpoint().address().to_string();
    }
  }
  return asio::ip::host_name();
}

// Until the task has ended; throws what it threw.
template <class Result>
Result run_now(asio::io_context& loop, MetadataStore& store, Task<Result> task) {
  std::exception_ptr failed;
  Result result{};
  asio::co_spawn(loop, std::move(task), [&](std::exception_ptr thrown, Result given) {
    failed = thrown;
    result = std::move(given);
    store.stop();
  });
  loop.restart();
  loop.run();
  if (failed) std::rethrow_exception(failed);
  return result;
}

bool is_everywhere(const std::string& host) {
  return host.empty() || host == "0.0.0.0" || host == "::";
}

}  // namespace

World::Cluster cluster_of(const Config& config, const Clock& clock, asio::any_io_executor workers) {
  World::Cluster cluster;
  cluster.open_store = opener(config, clock, std::move(workers));
  cluster.watches = true;
  cluster.connect = [](const Endpoint& endpoint) { return connect(endpoint); };
  return cluster;
}

Enrolled enrol_now(const World::Cluster& cluster, const Clock& clock, const Identity& identity,
                   Applicant applicant, Time::duration patience) {
  asio::io_context loop(1);
  const auto store = cluster.open_store(loop, identity);
  return run_now(loop, *store, enrol(loop, clock, *store, std::move(applicant), patience));
}

StoreCheck check_cluster(const Config& config) {
  asio::io_context loop(1);
  const auto store = cluster_of(config, real_clock(), {}).open_store(loop, {});
  return run_now(loop, *store, store->check());
}

Identity adopt_directory(const Config& config) {
  const Clock& clock = real_clock();
  storage::FileSystem& files = storage::real_files();
  asio::io_context loop(1), journals(1);  // which has no turn: nothing but its meta is used
  check_format(files, config.data);
  storage::JournalOptions options;
  options.data = config.data;
  options.min_free_bytes = config.min_free_bytes;
  options.snapshots = [](auto, auto) {};  // never given: nothing is sealed without what only a broker knows
  auto journal = storage::Journal::open(files, journals, std::move(options));
  if (!journal && journal.error() == storage::Errc::in_use)
    throw WrongStart(7, config.data.string() + " is in use by " + storage::lock_holder(files, config.data));
  if (!journal) throw WrongStart(1, config.data.string() + " cannot be opened: " + journal.error().message());
  storage::Store& meta = (*journal)->meta();
  Identity identity = identify(files, clock, config.data, meta, config.node_id);
  if (identity.is_member)
    throw WrongStart(7, config.data.string() + " is of cluster " + identity.cluster_id + " already");
  if (carry_over_rows(meta, identity.node_id))
    throw WrongStart(1, "what an earlier version wrote cannot be read");
  const auto own = EmbeddedStore(meta, loop.get_executor()).read();
  if (!own) throw WrongStart(1, "metadata cannot be read: " + own.error().message());

  Applicant applicant{identity.cluster_id, identity.directory_id, identity.node_id};
  applicant.rack = config.rack;
  Adoption adoption{identity.node_id, random_uuid(clock), *own};
  const auto store = cluster_of(config, clock, {}).open_store(loop, identity);
  const Uuid incarnation =
      run_now(loop, *store,
              adopt(loop, clock, *store, std::move(applicant), std::move(adoption), config.join_timeout));
  identity.is_member = true;
  identity.incarnations = {incarnation};
  remember(files, config.data, meta, identity);
  return identity;
}

std::size_t accept_restored_store(const Config& config) {
  asio::io_context loop(1);
  const Clock& clock = real_clock();
  const auto store = cluster_of(config, clock, {}).open_store(loop, {});
  return run_now(loop, *store, accept_restored(loop, clock, *store, config.join_timeout));
}

bool has_topics(storage::Store& meta) {
  const auto rows = meta.scan(std::string(entry_row_prefix) + topic_key(""), "", 1);
  return !rows || !rows->empty();
}

void add_internal_listener(Config& config) {
  const bool is_there = std::ranges::any_of(
      config.listeners, [](const Listener& one) { return one.name == internal_listener; });
  if (is_there) return;
  Listener listener;
  listener.name = internal_listener;
  listener.listen =
      config.internal_listen.value_or(Address{config.listeners.front().listen.host, internal_port});
  config.listeners.push_back(std::move(listener));
}

Endpoint endpoint_of(const Listener& listener, const Config& config) {
  const Address at = listener.advertise.value_or(listener.listen);
  return {listener.name, is_everywhere(at.host) ? own_address(config) : at.host, at.port};
}

}  // namespace mq::core
