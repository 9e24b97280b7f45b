// SPDX-License-Identifier: Apache-2.0
#include "core/client/client.h"

#include <algorithm>
#include <charconv>

#include "core/client/link.h"
#include "net/error.h"

namespace mq::client {
namespace {

constexpr kafka::Version metadata_by_name = 12;  // what a later version adds is of no use to us

std::optional<Address> parse_address(std::string_view text) {
  Address address;
  const bool v6 = text.starts_with('[');
  const auto end = v6 ? text.find(']') : text.find(':');
  if (v6 && end == text.npos) return std::nullopt;
  address.host = text.substr(v6 ? 1 : 0, v6 ? end - 1 : end);
  auto rest = end == text.npos ? std::string_view{} : text.substr(v6 ? end + 1 : end);
  if (address.host.empty()) return std::nullopt;
  if (rest.empty()) return address;
  if (!rest.starts_with(':')) return std::nullopt;
  rest.remove_prefix(1);
  const auto [at, error] = std::from_chars(rest.data(), rest.data() + rest.size(), address.port);
  if (error != std::errc{} || at != rest.data() + rest.size() || address.port == 0) return std::nullopt;
  return address;
}

Failure failure_of(error_code error, const Broker& broker) {
  Failure failure;
  failure.what = error == net::Errc::timed_out ? Failure::What::timed_out : Failure::What::lost;
  failure.broker = broker;
  return failure;
}

}  // namespace

std::optional<std::vector<Address>> parse_addresses(std::string_view text) {
  std::vector<Address> addresses;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t to = std::min(text.find(',', from), text.size());
    auto one = text.substr(from, to - from);
    from = to + 1;
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (one.empty()) continue;
    auto address = parse_address(one);
    if (!address) return std::nullopt;
    addresses.push_back(std::move(*address));
  }
  if (addresses.empty()) return std::nullopt;
  return addresses;
}

Client::Client(asio::io_context& loop, Options options) : loop_(loop), options_(std::move(options)) {}
Client::~Client() {
  close();
}

void Client::close() {
  for (auto& [id, link] : std::exchange(links_, {})) link->close();
}

Broker Client::broker(BrokerId id) const {
  const auto known = brokers_.find(id == controller ? controller_ : id);
  if (known != brokers_.end()) return known->second;
  Broker unknown;
  unknown.id = id;
  return unknown;
}

std::vector<Address> Client::addresses_of(BrokerId to) const {
  if (const auto known = brokers_.find(to); known != brokers_.end())
    return {{known->second.host, known->second.port}};
  if (to >= 0) return {};
  std::vector<Address> addresses = options_.brokers;
  for (const auto& [id, broker] : brokers_) {  // the cluster may have moved away from where we came in
    const auto is_it = [&known = broker](const Address& a) {
      return a.host == known.host && a.port == known.port;
    };
    const bool listed = std::ranges::any_of(addresses, is_it);
    if (!listed) addresses.push_back({broker.host, broker.port});
  }
  return addresses;
}

Task<Answer<std::shared_ptr<Link>>> Client::link(BrokerId to) {
  if (to == controller && controller_ == any_broker) {
    std::optional<std::vector<std::string>> no_topics;
    no_topics.emplace();
    auto learned = co_await refresh(std::move(no_topics));
    if (!learned) co_return learned.error();
  }
  if (to == controller) to = controller_;
  const bool to_controller = to == controller_;
  auto& slot = links_[to];
  if (slot && slot->usable()) {
    auto link = slot;
    if (link->must_queue()) {
      auto opened = co_await Link::opened(link, loop_);
      if (!opened) co_return opened.error();
    }
    co_return link;
  }
  auto link = std::make_shared<Link>();
  slot = link;
  auto opened = co_await Link::open(link, addresses_of(to), broker(to), options_);
  if (opened) co_return link;
  if (to_controller) controller_ = any_broker;  // it may be another one by now
  co_return opened.error();
}

Answer<kafka::Version> Client::choose(const Link& link, const Api& api) const {
  const auto& known = link.versions().api_keys;
  const auto theirs =
      std::ranges::lower_bound(known, api.key, {}, &kafka::ApiVersionsResponse::ApiVersion::api_key);
  const bool listed = theirs != known.end() && theirs->api_key == api.key;
  const kafka::Version version = listed ? std::min(theirs->max_version, api.valid.last) : kafka::Version{-1};
  if (listed && version >= std::max(theirs->min_version, api.valid.first)) return version;
  Failure failure;
  failure.what = Failure::What::unsupported;
  failure.broker = link.broker();
  failure.message = "the broker does not support " + std::string(api.name);
  return failure;
}

Task<Answer<Client::Frame>> Client::exchange(BrokerId to, Api api, const Encode& encode, Duration timeout) {
  auto link = co_await this->link(to);
  if (!link) co_return link.error();
  const auto version = choose(**link, api);
  if (!version) co_return version.error();
  const Time since = std::chrono::steady_clock::now();
  auto socket = (*link)->shared_socket();
  auto answer = co_await socket->call(encode(*version), timeout);
  if (!answer) {
    log(api.name, *version, (*link)->broker(), reason(answer.error()), since);
    co_return failure_of(answer.error(), (*link)->broker());
  }
  log(api.name, *version, (*link)->broker(), "", since);
  Frame frame;
  frame.frame = std::move(*answer);
  frame.body = response_body(frame.frame.bytes(), api.flexible.has(*version));
  frame.version = *version;
  frame.from = (*link)->broker();
  co_return frame;
}

Task<Answer<Nothing>> Client::post(BrokerId to, Api api, const Encode& encode) {
  auto link = co_await this->link(to);
  if (!link) co_return link.error();
  const auto version = choose(**link, api);
  if (!version) co_return version.error();
  auto socket = (*link)->shared_socket();
  const error_code sent = co_await socket->send(encode(*version));
  if (sent) co_return failure_of(sent, (*link)->broker());
  co_return Nothing{};
}

void Client::log(std::string_view request, kafka::Version version, const Broker& broker,
                 std::string_view outcome, Time since) {
  if (!options_.log) return;
  const auto took =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - since).count();
  char ms[32];
  std::snprintf(ms, sizeof ms, "%.1f ms", took);
  std::string line(request);
  line += " v" + std::to_string(version) + " to " + broker.address() + ": " + ms;
  if (!outcome.empty()) line += ", " + std::string(outcome);
  options_.log(line);
}

Task<Answer<kafka::MetadataResponse>> Client::refresh(std::optional<std::vector<std::string>> topics) {
  kafka::MetadataRequest request;
  request.allow_auto_topic_creation = false;
  if (topics) {
    auto& asked = request.topics.emplace();
    for (std::string& name : *topics) asked.emplace_back().name = std::move(name);
  } else {
    request.topics.reset();
  }
  auto answer = co_await call<kafka::MetadataResponse>(any_broker, std::move(request),
                                                       options_.request_timeout, metadata_by_name);
  if (answer) remember(*answer);
  if (answer && learned_) learned_(*answer);
  co_return answer;
}

void Client::remember(const kafka::MetadataResponse& metadata) {
  controller_ = metadata.controller_id < 0 ? any_broker : metadata.controller_id;
  std::map<BrokerId, Broker> brokers;
  for (const auto& broker : metadata.brokers) {
    Broker known{broker.node_id, broker.host, static_cast<std::uint16_t>(broker.port),
                 broker.rack.value_or("")};
    const auto before = brokers_.find(known.id);
    const bool moved = before != brokers_.end() && before->second.address() != known.address();
    if (const auto link = links_.find(known.id); moved && link != links_.end()) {
      link->second->close();
      links_.erase(link);
    }
    brokers.emplace(known.id, std::move(known));
  }
  if (!brokers.empty()) brokers_ = std::move(brokers);
  for (const auto& topic : metadata.topics) {
    const std::string name = topic.name.value_or("");
    if (topic.error_code == 0 && topic.topic_id != kafka::Uuid{}) topic_ids_[name] = topic.topic_id;
    if (kafka::error_of(topic.error_code) == kafka::Error::unknown_topic_or_partition) topic_ids_.erase(name);
    for (const auto& partition : topic.partitions)
      leaders_[{name, partition.partition_index}] =
          partition.leader_id < 0 ? any_broker : partition.leader_id;
  }
}

BrokerId Client::leader(const TopicPartition& partition) const {
  const auto known = leaders_.find(partition);
  return known == leaders_.end() ? any_broker : known->second;
}

kafka::Uuid Client::topic_id(const std::string& topic) const {
  const auto known = topic_ids_.find(topic);
  return known == topic_ids_.end() ? kafka::Uuid{} : known->second;
}

void Client::forget_leader(const TopicPartition& partition) {
  leaders_.erase(partition);
}

Task<Answer<kafka::ApiVersionsResponse>> Client::api_versions(BrokerId of) {
  auto link = co_await this->link(of);
  if (!link) co_return link.error();
  co_return (*link)->versions();
}

}  // namespace mq::client
