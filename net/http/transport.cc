// SPDX-License-Identifier: Apache-2.0
#include "net/http/transport.h"

#include <sys/socket.h>

#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <utility>

#include "net/stream.h"

namespace mq::net::http {

class Tls {
 public:
  asio::ssl::context context{asio::ssl::context::tls_client};
};

namespace {

bool peer_is_there(int descriptor) {
  char byte = 0;
  const ssize_t got = ::recv(descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

bool is_end(error_code error) {
  return error == asio::error::eof || error == asio::ssl::error::stream_truncated;
}

class Plain final : public Transport {
 public:
  explicit Plain(Socket socket) : stream_(std::move(socket)) {}

  Task<error_code> handshake() override { co_return error_code{}; }

  Task<Result<std::size_t>> read_some(std::span<char> space) override {
    const auto into = asio::buffer(space.data(), space.size());
    const auto [error, size] = co_await stream_.read_some(into);
    if (error && !is_end(error)) co_return error;
    co_return size;
  }

  Task<error_code> send(std::string bytes) override {
    const auto kept = std::make_shared<const std::string>(std::move(bytes));
    Piece piece;
    piece.memory = {kept, reinterpret_cast<const std::byte*>(kept->data())};
    piece.size = kept->size();
    Pieces pieces{std::move(piece)};
    co_return co_await stream_.send(std::move(pieces), progress_);
  }

  bool alive() override { return peer_is_there(stream_.descriptor()); }
  void close() override { stream_.close(); }

 private:
  Stream stream_;
  Progress progress_;
};

class Encrypted final : public Transport {
 public:
  Encrypted(Socket socket, std::shared_ptr<Tls> tls, const std::string& host)
      : tls_(std::move(tls)), stream_(std::move(socket), tls_->context) {
    stream_.set_verify_callback(asio::ssl::host_name_verification(host));
    error_code is_a_name;
    asio::ip::make_address(host, is_a_name);
    if (is_a_name) SSL_set_tlsext_host_name(stream_.native_handle(), host.c_str());
  }

  Task<error_code> handshake() override {
    const auto [error] = co_await stream_.async_handshake(asio::ssl::stream_base::client, use_result);
    co_return error;
  }

  Task<Result<std::size_t>> read_some(std::span<char> space) override {
    const auto into = asio::buffer(space.data(), space.size());
    const auto [error, size] = co_await stream_.async_read_some(into, use_result);
    if (error && !is_end(error)) co_return error;
    co_return size;
  }

  Task<error_code> send(std::string bytes) override {
    const auto from = asio::buffer(bytes);
    const auto [error, size] = co_await asio::async_write(stream_, from, use_result);
    co_return error;
  }

  bool alive() override { return peer_is_there(stream_.next_layer().native_handle()); }
  void close() override {
    error_code ignored;
    stream_.next_layer().close(ignored);
  }

 private:
  const std::shared_ptr<Tls> tls_;
  asio::ssl::stream<Socket> stream_;
};

error_code read_files(asio::ssl::context& context, const TlsFiles& files, std::string& file) {
  error_code error;
  file = files.authorities;
  if (file.empty())
    context.set_default_verify_paths(error);
  else
    context.load_verify_file(file, error);
  if (error || files.certificate.empty()) return error;
  file = files.certificate;
  context.use_certificate_chain_file(file, error);
  if (error) return error;
  if (!files.key.empty()) file = files.key;
  context.use_private_key_file(file, asio::ssl::context::pem, error);
  return error;
}

}  // namespace

TlsMade make_tls(const TlsFiles& files) {
  auto tls = std::make_shared<Tls>();
  tls->context.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                           asio::ssl::context::no_tlsv1_1);
  tls->context.set_verify_mode(asio::ssl::verify_peer);
  std::string file;
  if (const error_code error = read_files(tls->context, files, file))
    return {nullptr, "TLS: " + file + ": " + error.message() + "."};
  return {std::move(tls), ""};
}

std::unique_ptr<Transport> make_transport(Socket socket, const std::shared_ptr<Tls>& tls,
                                          const std::string& host) {
  if (!tls) return std::make_unique<Plain>(std::move(socket));
  return std::make_unique<Encrypted>(std::move(socket), tls, host);
}

}  // namespace mq::net::http
