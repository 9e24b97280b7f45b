// SPDX-License-Identifier: Apache-2.0
// The answers of this layer that errno has no word for. What a system call said stays in system_category().
// Any thread.
#pragma once

#include <boost/system/error_code.hpp>
#include <type_traits>

namespace mq::storage {

enum class Errc {
  corrupt = 1,          // bytes are not what was written
  io,                   // LevelDB could not read or write; the log says what
  not_found,            //
  in_use,               // another process has the directory
  offset_out_of_range,  // before the start or after the end of a log
  full,                 // refused: the disk is nearly full, and would be accepted again when it is not
  fenced,               // refused: the store failed before and must be opened again
  stopped,              // refused: on the way out
};

const boost::system::error_category& storage_category() noexcept;

inline boost::system::error_code make_error_code(Errc code) noexcept {
  return {static_cast<int>(code), storage_category()};
}

}  // namespace mq::storage

template <>
struct boost::system::is_error_code_enum<mq::storage::Errc> : std::true_type {};
