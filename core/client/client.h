// SPDX-License-Identifier: Apache-2.0
// A cluster seen from outside: knows its brokers and leaders, keeps a connection to each broker it talks to,
// and speaks with each the highest version both know. Works with any broker of the Kafka protocol. Lives on
// its loop; many calls may be in flight, and those to one broker leave in the order they were made. The
// blocking front for simple commands is Cluster (cluster.h).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/client/failure.h"
#include "net/client.h"
#include "net/kafka/codec.h"
#include "net/kafka/messages/api_versions.h"
#include "net/kafka/messages/metadata.h"

namespace mq::client {

struct Address {
  std::string host;
  std::uint16_t port = 9092;
};
// "a:9092,b,[::1]:9093"; nothing when it cannot be understood.
std::optional<std::vector<Address>> parse_addresses(std::string_view text);

struct Options {
  std::vector<Address> brokers{{"127.0.0.1", 9092}};
  std::string client_id = "mq";
  std::string version = MQ_VERSION;                    // of this program, told to brokers
  Duration connect_timeout = std::chrono::seconds(3);  // for each address, its greeting included
  Duration request_timeout =
      std::chrono::seconds(30);  // for each request; long polls add to it what they wait
  Duration timeout =
      std::chrono::seconds(10);  // for a whole task of Cluster, retries included, and for connecting
  std::function<void(std::string_view)> log;  // requests and timings for -v; may be empty
  // How a broker is connected to; `to` is below 0 where any will do. Not set: over TCP, at its address.
  using Connect = std::function<Task<core::Result<std::shared_ptr<net::Client>>>(
      BrokerId to, Address address, Duration timeout, std::vector<net::Attempt>* attempts)>;
  Connect connect = {};
};

// Whom to ask. A broker's id, or one of these.
inline constexpr BrokerId any_broker = -1;
inline constexpr BrokerId controller = -2;

template <class Response>
struct Reply {
  Response message;
  net::Slice frame;  // what views in `message` look into (record batches)
  kafka::Version version = 0;
  Broker from;
};

class Link;

class Client {
 public:
  Client(asio::io_context& loop, Options options);
  ~Client();
  Client(const Client&) = delete;

  // One request, one answer; connects first where needed and never retries. A Kafka error inside the answer
  // is the caller's to see. `highest`: no version above this one, though both sides know it.
  template <class Response, class Request>
  Task<Answer<Reply<Response>>> ask(BrokerId to, Request request, Duration timeout,
                                    kafka::Version highest = INT16_MAX);
  template <class Response, class Request>
  Task<Answer<Response>> call(BrokerId to, Request request, Duration timeout,
                              kafka::Version highest = INT16_MAX);
  // For what is never answered (acks = 0).
  template <class Request>
  Task<Answer<Nothing>> tell(BrokerId to, Request request, kafka::Version highest = INT16_MAX);

  // Asks about these topics (nothing: all of them) and remembers brokers, controller and leaders. Errors of
  // topics are in the answer, not remembered, and not retried.
  Task<Answer<kafka::MetadataResponse>> refresh(std::optional<std::vector<std::string>> topics);

  // Hears of every answer about topics, whoever asked; one at a time.
  using Learned = std::function<void(const kafka::MetadataResponse&)>;
  void on_metadata(Learned learned) { learned_ = std::move(learned); }

  // As of the last refresh; any_broker when there is no leader.
  BrokerId leader(const TopicPartition& partition) const;
  kafka::Uuid topic_id(const std::string& topic) const;  // all zero: no such topic, or the broker has no ids
  void forget_leader(const TopicPartition& partition);
  const std::map<BrokerId, Broker>& brokers() const { return brokers_; }
  Broker broker(BrokerId id) const;

  // The broker's versions, sorted by key; connects where needed.
  Task<Answer<kafka::ApiVersionsResponse>> api_versions(BrokerId of);

  const Options& options() const { return options_; }
  Time deadline() const { return std::chrono::steady_clock::now() + options_.timeout; }  // of what begins now
  asio::io_context& loop() { return loop_; }
  void close();  // every call in flight ends with What::lost

 private:
  using Encode = std::function<net::Pieces(kafka::Version)>;
  struct Frame {
    net::Slice frame;
    net::Bytes body;
    kafka::Version version = 0;
    Broker from;
  };
  struct Api {
    std::string_view name;
    std::int16_t key;
    kafka::Versions valid;
    kafka::Versions flexible;  // of the response
  };
  Task<Answer<Frame>> exchange(BrokerId to, Api api, const Encode& encode, Duration timeout);
  Task<Answer<Nothing>> post(BrokerId to, Api api, const Encode& encode);
  Task<Answer<std::shared_ptr<Link>>> link(BrokerId to);
  Answer<kafka::Version> choose(const Link& link, const Api& api) const;
  void log(std::string_view request, kafka::Version version, const Broker& broker, std::string_view outcome,
           Time since);
  std::vector<Address> addresses_of(BrokerId to) const;
  void remember(const kafka::MetadataResponse& metadata);

  asio::io_context& loop_;
  Options options_;
  std::map<BrokerId, std::shared_ptr<Link>> links_;
  std::map<BrokerId, Broker> brokers_;
  BrokerId controller_ = any_broker;
  std::map<TopicPartition, BrokerId> leaders_;
  std::map<std::string, kafka::Uuid> topic_ids_;
  Learned learned_;
};

template <class Response, class Request>
Task<Answer<Reply<Response>>> Client::ask(BrokerId to, Request request, Duration timeout,
                                          kafka::Version highest) {
  using D = kafka::Describe<Request>;
  const Api api{D::name,
                D::key,
                {D::valid.first, std::min(D::valid.last, highest)},
                kafka::Describe<Response>::flexible};
  const Encode encode = [&](kafka::Version v) {
    return kafka::encode_request(0, options_.client_id, request, v);
  };
  auto frame = co_await exchange(to, api, encode, timeout);
  if (!frame) co_return frame.error();
  auto message = kafka::decode<Response>(frame->body, frame->version);
  if (!message) {
    Failure failure;
    failure.what = Failure::What::malformed;
    failure.broker = frame->from;
    co_return failure;
  }
  Reply<Response> reply;
  reply.message = std::move(*message);
  reply.frame = std::move(frame->frame);
  reply.version = frame->version;
  reply.from = std::move(frame->from);
  co_return reply;
}

template <class Response, class Request>
Task<Answer<Response>> Client::call(BrokerId to, Request request, Duration timeout, kafka::Version highest) {
  auto reply = co_await ask<Response>(to, std::move(request), timeout, highest);
  if (!reply) co_return reply.error();
  co_return std::move(reply->message);
}

template <class Request>
Task<Answer<Nothing>> Client::tell(BrokerId to, Request request, kafka::Version highest) {
  using D = kafka::Describe<Request>;
  const Api api{D::name, D::key, {D::valid.first, std::min(D::valid.last, highest)}, kafka::never};
  const Encode encode = [&](kafka::Version v) {
    return kafka::encode_request(0, options_.client_id, request, v);
  };
  co_return co_await post(to, api, encode);
}

}  // namespace mq::client
