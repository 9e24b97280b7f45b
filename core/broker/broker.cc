// SPDX-License-Identifier: Apache-2.0
#include "core/broker/broker.h"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include "core/broker/broker_parts.h"
#include "core/broker/cluster_start.h"
#include "core/broker/identity.h"
#include "core/error.h"
#include "core/metadata/embedded_store.h"
#include "core/metadata/entries.h"
#include "core/metadata/migration.h"
#include "core/partition/mistakes.h"
#include "storage/error.h"
#include "storage/lock.h"

namespace mq::core {

namespace {

constexpr auto handing_over_max = std::chrono::seconds(5);

}  // namespace

Task<void> Broker::Parts::snapshots(std::vector<PartitionNumber> numbers,
                                    std::function<void(Snapshots)> done) const {
  constexpr std::size_t steps_per_snapshot = 8;
  Pace pace(co_await asio::this_coro::executor, clock);
  Snapshots all;
  for (const PartitionNumber number : numbers) {
    if (pace.due(steps_per_snapshot)) co_await pace.give_way();
    if (const auto partition = partitions ? partitions->find(number) : nullptr)
      if (std::string snapshot = partition->snapshot(); !snapshot.empty())
        all.emplace_back(number, std::move(snapshot));
  }
  done(std::move(all));
}

Broker::Broker(asio::io_context& loop, Config config, World world)
    : loop_(loop),
      config_(std::move(config)),
      world_(std::move(world)),
      files_(*world_.files),
      parts_(std::make_unique<Parts>(world_)) {}

Broker::~Broker() {
  if (parts_->own_workers) parts_->own_workers->join();
  if (parts_->own_disk) parts_->own_disk->join();
}

Broker::Ready Broker::start(std::function<void(const Ready&)> serves) {
  auto ready = std::make_shared<Ready>();
  check_format(files_, config_.data);
  open_journal();
  parts_->identity = identify(files_, parts_->clock, config_.data, parts_->journal->meta(),
                              config_.is_alone() ? config_.node_id : std::nullopt);
  if (!world_.cluster) join_cluster();
  load();
  const bool any_port = config_.listeners.front().listen.port == 0;
  auto endpoints = world_.listens ? bind(*ready) : std::vector<Endpoint>();
  if (!world_.listens && world_.cluster) endpoints = world_.cluster->endpoints;
  if (world_.listens) ready->http = start_web(any_port);
  ready->identity = parts_->identity;
  ready->topics = parts_->catalog->all().size();
  ready->partitions = parts_->partitions->size();
  ready->bytes = parts_->journal->stats().disk_bytes;
  ready->recovery = parts_->journal->recovery();
  run(std::move(endpoints), [this, ready, serves = std::move(serves)] {
    parts_->not_ready.clear();
    serves(*ready);
  });
  return *ready;
}

void Broker::open_journal() {
  storage::JournalOptions options;
  options.data = config_.data;
  options.flush = config_.flush;
  options.min_free_bytes = config_.min_free_bytes;
  options.tail_bytes = config_.tail_bytes;
  Parts* parts = parts_.get();
  options.on_snapshot = [parts](PartitionNumber number, std::string_view bytes) {
    parts->recovery.on_snapshot(number, bytes);
  };
  options.on_start = [parts](PartitionNumber number, storage::Bytes start) {
    parts->recovery.on_start(number, start, parts->clock.wall_ms());
  };
  options.on_truncate = [parts](PartitionNumber number, Offset end) {
    parts->recovery.on_truncate(number, end);
  };
  options.on_trim = [parts](PartitionNumber number, Offset start) { parts->recovery.on_trim(number, start); };
  options.snapshots = [parts, &loop = loop_](std::vector<PartitionNumber> numbers, auto done) {
    asio::co_spawn(loop, parts->snapshots(std::move(numbers), std::move(done)), asio::detached);
  };

  options.on_sealed = [parts](const std::vector<PartitionNumber>& numbers) {
    if (parts->sweeper) parts->sweeper->sealed(numbers);
  };

  options.on_refusing = [parts](bool full, bool failed) {
    const bool is_writable = (!full && !failed) || makes(Mistake::leads_without_room);
    if (parts->cluster) parts->cluster->set_writable(is_writable);
  };

  auto journal = world_.open_journal ? world_.open_journal(std::move(options))
                                     : storage::Journal::open(files_, loop_, std::move(options));
  if (!journal && journal.error() == storage::Errc::in_use)
    throw WrongStart(7,
                     config_.data.string() + " is in use by " + storage::lock_holder(files_, config_.data));
  if (!journal)
    throw WrongStart(1, config_.data.string() + " cannot be opened: " + journal.error().message());
  parts_->journal = std::move(*journal);
}

namespace {

// What producers did cannot be told from what recovery saw.
Task<void> rebuild(std::shared_ptr<Partition> partition) {
  spdlog::info("partition {}: what its producers did is read from the log anew", partition->number());
  if (const error_code error = co_await partition->rebuild())
    spdlog::error("partition {}: what its producers did cannot be read, it takes nothing: {}",
                  partition->number(), error.message());
}

// Whoever leads a partition of an internal topic coordinates what belongs there.
template <class Coordinator>
void coordinate(MetadataLoader& loader, std::string_view topic,
                const std::shared_ptr<Coordinator>& coordinator) {
  loader.on_role(std::string(topic),
                 [weak = std::weak_ptr(coordinator)](std::int32_t partition, std::optional<Epoch> leads_in) {
                   const auto alive = weak.lock();
                   if (alive && leads_in) alive->lead(partition, *leads_in);
                   if (alive && !leads_in) alive->resign(partition);
                 });
}

}  // namespace

void Broker::load() {
  load_metadata();
  Parts& p = *parts_;
  p.offsets_log = std::make_unique<InternalTopic>(*p.controller, *p.catalog, *p.partitions, loop_, p.clock,
                                                  config_, offsets_topic);
  p.transactions_log = std::make_unique<InternalTopic>(*p.controller, *p.catalog, *p.partitions, loop_,
                                                       p.clock, config_, transactions_topic);
  p.transactions = std::make_shared<TransactionCoordinator>(
      loop_, p.clock, config_, *p.catalog, *p.partitions, *p.producer_ids, *p.transactions_log);
  if (world_.cluster) {
    const auto connect = internal_connector(world_.cluster->connect, *p.catalog);
    p.transactions->know(
        {p.identity.node_id, std::make_unique<Peers>(connect), std::make_unique<Peers>(connect)});
    p.offsets_log->when_certain(
        [&store = *p.store] { return store.session() == MetadataStore::Session::alive; });
  }
  p.groups = std::make_shared<GroupCoordinator>(loop_, p.clock, config_, *p.catalog, *p.offsets_log);
  p.services = std::make_unique<Services>(
      Services{loop_,           p.clock,         config_,
               p.identity,      *p.journal,      p.disk,
               p.workers,       *p.catalog,      *p.partitions,
               *p.loader,       *p.controller,   *p.replica_changes,
               *p.producer_ids, *p.offsets_log,  *p.transactions_log,
               *p.groups,       *p.transactions, p.sessions,
               p.dynamic,       p.requests,      p.cluster ? &p.cluster->replica_fetches() : nullptr});
  p.transactions->tell_ended(
      [groups = std::weak_ptr(p.groups)](std::int32_t partition, ProducerId producer, bool committed) {
        if (const auto alive = groups.lock())
          alive->commits().transaction_ended(partition, producer, committed);
      });
  for (const std::string& group : p.catalog->configured(group_kind))
    p.groups->configs().set(group, p.catalog->config(group_kind, group));
  coordinate(*p.loader, offsets_topic, p.groups);
  coordinate(*p.loader, transactions_topic, p.transactions);
  p.dispatcher = std::make_shared<Dispatcher>(*p.services);
  std::shared_ptr<Compactor> compactor;
  if (config_.compaction)
    compactor =
        std::make_shared<Compactor>(loop_, p.clock, *p.journal, p.disk, config_.compaction_memory_bytes);
  if (const error_code failed = compactor ? compactor->load() : error_code{})
    throw WrongStart(1, "what is compacted cannot be read: " + failed.message());
  for (const auto& [number, end] : p.recovery.truncated())
    if (compactor) compactor->truncated(number, end);
  p.sweeper =
      std::make_shared<Sweeper>(loop_, p.clock, config_.retention_check_interval, std::move(compactor));
  p.sweeper->watch(*p.catalog, *p.partitions, *p.loader);
}

namespace {

void check(error_code error, std::string_view what) {
  if (error) throw WrongStart(1, std::string(what) + " cannot be read: " + error.message());
}

}  // namespace

void Broker::load_metadata() {
  Parts& p = *parts_;
  const BrokerId self = p.identity.node_id;
  check(carry_over_rows(p.journal->meta(), self), "what an earlier version wrote");
  auto recovered = p.recovery.take();
  std::vector<PartitionNumber> numbers;
  for (const auto& [number, known] : recovered) numbers.push_back(number);
  p.store = world_.cluster ? world_.cluster->open_store(loop_, p.identity)
                           : std::make_unique<EmbeddedStore>(p.journal->meta(), p.disk);
  p.catalog = std::make_unique<Catalog>(self, world_.cluster ? Catalog::Mode::member : Catalog::Mode::alone);
  p.partitions =
      std::make_unique<PartitionTable>(*p.journal, p.clock, p.disk, config_.producer_id_expiration.count());
  check(p.partitions->load(std::move(recovered)), "where partitions lie");
  p.producer_ids = std::make_unique<ProducerIds>(*p.store);
  p.loader = std::make_shared<MetadataLoader>(loop_, p.clock, *p.store, *p.catalog, *p.partitions, self);
  p.controller = std::make_unique<Controller>(p.clock, *p.store, *p.catalog, *p.partitions, *p.loader);
  p.replica_changes = std::make_unique<ReplicaChanges>(*p.store, *p.catalog, *p.loader);
  p.catalog->set_defaults(topic_defaults(config_, p.dynamic));
  world_.cluster ? open_cluster() : load_alone();
  for (const PartitionNumber number : numbers)
    if (auto partition = p.partitions->find(number); partition && !partition->is_exact())
      asio::co_spawn(loop_, rebuild(std::move(partition)), asio::detached);
}

void Broker::load_alone() {
  Parts& p = *parts_;
  const auto all = static_cast<EmbeddedStore&>(*p.store).read();
  check(all ? error_code() : all.error(), "metadata");
  check(p.producer_ids->load(*all), "the producer ids");
  const auto& configs = all->entries;
  const auto altered = [&](std::string_view name) {
    const auto found = configs.find(config_key(broker_kind, name));
    auto values =
        found == configs.end() ? Result<ConfigMap>(ConfigMap{}) : parse_config(found->second->value);
    check(values ? error_code() : values.error(), "the broker's configuration");
    return std::move(*values);
  };
  p.dynamic.broker = altered(std::to_string(p.identity.node_id));
  p.dynamic.cluster = altered(all_brokers);
  p.catalog->set_defaults(topic_defaults(config_, p.dynamic));
  check(p.loader->start(*all), "the topics");
}

namespace {

asio::ip::tcp::endpoint resolve(asio::io_context& loop, const Address& address) {
  if (address.host.empty()) return {asio::ip::tcp::v6(), address.port};  // all interfaces, both protocols
  error_code error;
  const auto literal = asio::ip::make_address(address.host, error);
  if (!error) return {literal, address.port};
  asio::ip::tcp::resolver resolver(loop);
  const auto found = resolver.resolve(address.host, std::to_string(address.port), error);
  if (error || found.empty()) throw WrongStart(2, "cannot listen on \"" + address.host + "\": no such host");
  return found.begin()->endpoint();
}

}  // namespace

std::vector<Endpoint> Broker::bind(Ready& ready) {
  net::Limits limits;
  limits.connections_max = config_.connections_max;
  limits.connections_per_ip_max = config_.connections_per_ip_max;
  limits.request_bytes_max = config_.request_bytes_max;
  limits.idle_max = config_.connection_idle_max;
  parts_->server = net::Server::create(loop_, *parts_->dispatcher, limits);
  if (world_.cluster) add_internal_listener(config_);
  std::vector<Endpoint> endpoints;
  for (Listener& listener : config_.listeners) {
    const auto at = resolve(loop_, listener.listen);
    const auto got = parts_->server->bind(at, listener.name);
    if (!got)
      throw WrongStart(1,
                       "cannot listen on " + format_address(listener.listen) + ": " + got.error().message());
    listener.listen.port = got->port();
    if (listener.name != internal_listener) ready.listeners.push_back(*got);
    if (!at.address().is_loopback())
      spdlog::warn("security: listener \"{}\" on {} accepts anonymous clients", listener.name,
                   format_address(listener.listen));
    if (world_.cluster) endpoints.push_back(endpoint_of(listener, config_));
  }
  return endpoints;
}

// On a port of its own where clients' is: for tests, and for those who try several.
std::optional<asio::ip::tcp::endpoint> Broker::start_web(bool any_port) {
  if (!config_.http.at) return std::nullopt;
  Address at = *config_.http.at;
  if (!config_.is_set("http.listen") && any_port) at.port = 0;
  if (!config_.http.is_local() && config_.http_auth != HttpAuth::none)
    throw WrongStart(
        2, "http.listen: " + format_address(at) +
               " is reached from other machines, and nobody has to log in; http.auth: none says that "
               "this is meant");
  const http::Web::Parts parts{loop_,
                               config_,
                               parts_->identity,
                               *parts_->services,
                               parts_->dispatcher,
                               [this] { return network(); },
                               [this] { return not_ready(); }};
  auto web = http::Web::start(parts, resolve(loop_, at));
  if (!web)
    throw WrongStart(1, "cannot listen on " + format_address(at) + " for HTTP: " + web.error().message() +
                            "; --http takes another address, --no-http none");
  parts_->web = std::move(*web);
  return parts_->web->address();
}

std::string Broker::not_ready() const {
  if (!parts_->not_ready.empty()) return parts_->not_ready;
  return parts_->catalog->not_to_lead().contains(parts_->identity.node_id) ? "the broker is drained" : "";
}

// Clients are let in when there is something to tell them; brokers from the beginning.
void Broker::accept(Listened by) {
  if (!parts_->server) return;
  for (const Listener& listener : config_.listeners) {
    if ((listener.name == internal_listener) != (by == Listened::by_brokers)) continue;
    if (const error_code error = parts_->server->accept(listener.name))
      spdlog::error("cannot listen on {}: {}", format_address(listener.listen), error.message());
  }
}

Task<void> Broker::stop(Stop how) {
  parts_->not_ready = "the broker is stopping";
  if (parts_->server) parts_->server->stop_accepting();
  if (parts_->cluster && how == Stop::in_order) co_await parts_->cluster->leave(handing_over_max);
  if (parts_->web) co_await parts_->web->stop();
  if (parts_->server) parts_->server->close_all();
  if (parts_->groups) parts_->groups->stop();
  if (parts_->transactions) parts_->transactions->stop();
  if (parts_->sweeper) parts_->sweeper->stop();
  if (parts_->cluster) parts_->cluster->stop();
  if (parts_->loader) parts_->loader->stop();
  if (parts_->store) parts_->store->stop();
  if (parts_->journal) co_await parts_->journal->stop();
}

net::Handler& Broker::handler() {
  return *parts_->dispatcher;
}

const Catalog& Broker::catalog() const {
  return *parts_->catalog;
}
const PartitionTable& Broker::partitions() const {
  return *parts_->partitions;
}
const ClusterMember* Broker::cluster() const {
  return parts_->cluster.get();
}

net::ServerStats Broker::network() const {
  return parts_->server ? parts_->server->stats() : net::ServerStats{};
}
storage::JournalStats Broker::storage() const {
  return parts_->journal ? parts_->journal->stats() : storage::JournalStats{};
}

}  // namespace mq::core
