// SPDX-License-Identifier: Apache-2.0
// What a topic keeps, for whoever writes records with times of their own: those that are older go with the
// next sweep. Asks about the topic once, and only when there is such a time. Lives on the client's loop.
#pragma once

#include <cstdint>
#include <string>

#include "core/client/client.h"

namespace mq::cli {

class Retention {
 public:
  Retention(client::Client& client, std::string topic) : client_(client), topic_(std::move(topic)) {}

  // Cheap, for every record; look() says more.
  bool doubtful(std::int64_t time_ms, std::int64_t now_ms) const {
    return !said_ && time_ms < now_ms - kept_ms_;
  }
  // What there is to say about the time of a record, once; or "".
  client::Task<std::string> look(std::int64_t time_ms, std::int64_t now_ms);

 private:
  client::Task<void> learn();

  client::Client& client_;
  std::string topic_;
  std::int64_t kept_ms_ = 0;
  bool learned_ = false, said_ = false;  // known; nothing more will be said
};

}  // namespace mq::cli
