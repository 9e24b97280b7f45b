// SPDX-License-Identifier: Apache-2.0
// A client that says exactly what the test wants said, whatever its frames travel by.
#pragma once

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

#include "net/kafka/codec.h"
#include "net/kafka/header.h"
#include "net/types.h"

namespace mq::test {

class FrameWire {
 public:
  virtual ~FrameWire() = default;

  virtual void send(std::string_view bytes) = 0;
  // The next frame without its length; empty when the broker closed the connection.
  virtual std::vector<std::byte> receive() = 0;

  template <class Request>
  void send(const Request& request, kafka::Version version) {
    std::string bytes;
    for (const net::Piece& piece : kafka::encode_request(++correlation_, "test", request, version))
      bytes.append(reinterpret_cast<const char*>(piece.memory.get()) + piece.position, piece.size);
    send(std::string_view(bytes));
  }

  // Views in the answer stay valid until the next receive.
  template <class Response>
  Response receive(kafka::Version version) {
    frame_ = receive();
    const auto header = kafka::parse_response_header(frame_, kafka::Describe<Response>::key, version);
    EXPECT_TRUE(header) << "the broker closed the connection";
    if (!header) return {};
    auto response = kafka::decode<Response>(net::Bytes(frame_).subspan(header->body_at), version);
    EXPECT_TRUE(response);
    return response ? std::move(*response) : Response{};
  }

  template <class Response, class Request>
  Response call(const Request& request, kafka::Version version) {
    send(request, version);
    return receive<Response>(version);
  }

  bool closed_by_peer() { return receive().empty(); }

 private:
  std::int32_t correlation_ = 0;
  std::vector<std::byte> frame_;
};

}  // namespace mq::test
