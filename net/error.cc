// SPDX-License-Identifier: Apache-2.0
#include "net/error.h"

#include <string>

namespace mq::net {

namespace {

namespace sys = boost::system;

class Category final : public sys::error_category {
 public:
  const char* name() const noexcept override { return "net"; }

  std::string message(int code) const override {
    switch (static_cast<Errc>(code)) {
      case Errc::closed:
        return "connection closed";
      case Errc::malformed:
        return "not a Kafka frame";
      case Errc::too_large:
        return "frame too large";
      case Errc::timed_out:
        return "timed out";
      case Errc::stalled:
        return "nothing moved for too long";
      case Errc::idle:
        return "idle for too long";
      case Errc::no_memory:
        return "no memory left for requests";
      case Errc::looks_like_tls:
        return "TLS spoken on a plaintext connection";
      case Errc::looks_like_http:
        return "HTTP spoken on a Kafka connection";
    }
    return "unknown";
  }

  sys::error_condition default_error_condition(int code) const noexcept override {
    switch (static_cast<Errc>(code)) {
      case Errc::too_large:
        return make_error_condition(sys::errc::message_size);
      case Errc::timed_out:
        return make_error_condition(sys::errc::timed_out);
      case Errc::no_memory:
        return make_error_condition(sys::errc::not_enough_memory);
      default:
        return {code, *this};
    }
  }
};

}  // namespace

const sys::error_category& category() {
  static const Category instance;
  return instance;
}

}  // namespace mq::net
