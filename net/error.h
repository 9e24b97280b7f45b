// SPDX-License-Identifier: Apache-2.0
// What can go wrong with a connection, besides what the operating system says. Any thread.
#pragma once

#include <boost/system/error_code.hpp>

namespace mq::net {

enum class Errc {
  closed = 1,       // by us or by the peer, in order
  malformed,        // bytes that are no frame, or an answer to nothing
  too_large,        // a frame longer than allowed
  timed_out,        // no answer, no connection, no name within the time given
  stalled,          // half a frame, or a peer that does not read: nothing moved for too long
  idle,             // a peer that asked for nothing for too long
  no_memory,        // the memory for all requests together is used up
  looks_like_tls,   // the first bytes are a TLS record
  looks_like_http,  // … or a line of HTTP
};

const boost::system::error_category& category();

inline boost::system::error_code make_error_code(Errc code) {
  return {static_cast<int>(code), category()};
}

}  // namespace mq::net

template <>
struct boost::system::is_error_code_enum<mq::net::Errc> : std::true_type {};
