// SPDX-License-Identifier: Apache-2.0
// The words of this layer: tasks, results, bytes, pieces. Aliases of Boost and std, nothing more.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/result.hpp>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace mq::net {

namespace asio = boost::asio;
using boost::system::error_code;

using Executor = asio::io_context::executor_type;  // named: no type erasure on the path
template <class T>
using Task = asio::awaitable<T, Executor>;
template <class T>
using Result = boost::system::result<T>;

using Use = asio::use_awaitable_t<Executor>;
inline constexpr Use use;                                  // throws
inline constexpr asio::as_tuple_t<Use> use_result{Use{}};  // auto [error, n] = co_await …

using Bytes = std::span<const std::byte>;  // a view

// Shared memory; keeps what it lies in (a slab, a string) alive. Immutable once handed on.
struct Slice {
  std::shared_ptr<std::byte> data;
  std::size_t size = 0;

  Bytes bytes() const { return {data.get(), size}; }
  Slice part(std::size_t at, std::size_t n) const { return {{data, data.get() + at}, n}; }
};

// Bytes on their way to a socket: memory, or a range of an open file that the piece keeps open.
struct Piece {
  std::shared_ptr<const std::byte> memory;
  std::shared_ptr<const int> file;  // a descriptor; null: memory
  std::uint64_t position = 0;       // in the file
  std::size_t size = 0;
};
using Pieces = std::vector<Piece>;

inline std::size_t size_of(const Pieces& pieces) {
  std::size_t sum = 0;
  for (const Piece& piece : pieces) sum += piece.size;
  return sum;
}

}  // namespace mq::net
