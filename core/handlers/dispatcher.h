// SPDX-License-Identifier: Apache-2.0
// From a frame to its handler and back: key, version, decode, answer, encode. Lives on the loop.
#pragma once

#include "core/handlers/context.h"
#include "net/handler.h"

namespace mq::core {

class Dispatcher : public net::Handler {
 public:
  explicit Dispatcher(Services& broker) : broker_(broker) {}

  // An unknown key or version closes the connection, as Kafka does; only ApiVersions answers any version, so
  // that a newer client can find out (KIP-511).
  Task<Result<net::Pieces>> handle(std::shared_ptr<net::Peer> peer, net::Slice frame) override;
  bool overlaps(net::Bytes frame) const override;

 private:
  Services& broker_;
};

}  // namespace mq::core
