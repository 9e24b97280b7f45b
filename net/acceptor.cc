// SPDX-License-Identifier: Apache-2.0
#include "net/acceptor.h"

#include <sys/resource.h>

#include <algorithm>

namespace mq::net {

namespace {

using asio::ip::tcp;

constexpr std::chrono::milliseconds pause_without_descriptors{100};

bool is_reserved(int descriptor) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return false;
  const rlim_t spare = std::min<rlim_t>(64, limit.rlim_cur / 4);
  return static_cast<rlim_t>(descriptor) + spare >= limit.rlim_cur;
}

bool is_without_means(error_code error) {
  return error == asio::error::no_descriptors || error == asio::error::no_memory ||
         error == asio::error::no_buffer_space || error == boost::system::errc::too_many_files_open_in_system;
}

}  // namespace

Result<std::shared_ptr<Acceptor>> bind_acceptor(const Executor& executor, const tcp::endpoint& at) {
  auto acceptor = std::make_shared<Acceptor>(executor);
  error_code error;
  acceptor->open(at.protocol(), error);
  if (!error) acceptor->set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor->bind(at, error);
  if (error) return error;
  return acceptor;
}

Task<void> accept_all(std::shared_ptr<Acceptor> acceptor, std::function<void(Socket)> welcome,
                      std::function<void(const Socket&, error_code)> turn_away) {
  Timer pause(acceptor->get_executor());
  while (acceptor->is_open()) {
    Socket socket(acceptor->get_executor());
    auto [error] = co_await acceptor->async_accept(socket, use_result);
    const bool is_short = error ? is_without_means(error) : is_reserved(socket.native_handle());
    if (is_short) turn_away(socket, error);
    if (!error && !is_short) welcome(std::move(socket));
    if (!is_short) continue;
    error_code ignored;
    socket.close(ignored);
    pause.expires_after(pause_without_descriptors);
    co_await pause.async_wait(use_result);
  }
}

tcp::endpoint as_written(const tcp::endpoint& endpoint) {
  const auto address = endpoint.address();
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return endpoint;
  return {asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()), endpoint.port()};
}

}  // namespace mq::net
