// SPDX-License-Identifier: Apache-2.0
// Requests to other brokers by their internal listeners: one connection to each, opened when it is first
// needed and again after it has failed; answers come in order. Lives on the loop.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "core/loop/async_mutex.h"
#include "core/metadata/catalog.h"
#include "net/client.h"
#include "net/kafka/codec.h"
#include "net/kafka/header.h"

namespace mq::core {

// The listener by which brokers talk to each other; nobody else's requests may move a high watermark.
inline constexpr std::string_view internal_listener = "internal";

// To where the catalog says that listener of the broker is now. `closed`: it is not there.
using ConnectTo = std::function<Task<Result<std::shared_ptr<net::Client>>>(BrokerId)>;
using ConnectAt = std::function<Task<Result<std::shared_ptr<net::Client>>>(const Endpoint&)>;
ConnectTo internal_connector(ConnectAt connect, const Catalog& catalog);

class Peers {
 public:
  static constexpr std::chrono::milliseconds answer_timeout{30'000};

  explicit Peers(ConnectTo connect) : connect_(std::move(connect)) {}
  ~Peers() { stop(); }

  // After an error it may have been carried out. `malformed`: the answer cannot be read.
  template <class Response, class Request>
  Task<Result<Response>> ask(BrokerId broker, Request request, kafka::Version version) {
    const auto frame = co_await call(broker, kafka::encode_request(0, std::nullopt, request, version));
    if (!frame) co_return frame.error();
    const auto header = kafka::parse_response_header(frame->bytes(), kafka::Describe<Request>::key, version);
    if (!header) co_return header.error();
    co_return kafka::decode<Response>(frame->bytes().subspan(header->body_at), version);
  }

  void stop();  // whoever waits is told `closed`

 private:
  struct Peer {
    AsyncMutex connecting;
    std::shared_ptr<net::Client> connection;
  };
  Task<Result<net::Slice>> call(BrokerId broker, net::Pieces request);
  Task<Result<std::shared_ptr<net::Client>>> connection_to(BrokerId broker);

  const ConnectTo connect_;
  std::map<BrokerId, std::shared_ptr<Peer>> peers_;
  bool stopped_ = false;
};

}  // namespace mq::core
