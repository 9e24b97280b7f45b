// SPDX-License-Identifier: Apache-2.0
// What lies between HTTP and a socket: the plain stream of every connection, or TLS over it, from the
// client's end. Lives on the loop.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "net/socket.h"

namespace mq::net::http {

// Files in PEM; empty: none.
struct TlsFiles {
  std::string authorities;  // that are trusted; empty: those of the system
  std::string certificate;  // with its chain, and its key: who we are
  std::string key;
};

// What all connections with the same files share.
class Tls;
struct TlsMade {
  std::shared_ptr<Tls> tls;  // null: it could not be made
  std::string why;           // a whole sentence
};
TlsMade make_tls(const TlsFiles& files);  // reads the files; blocks

class Transport {
 public:
  virtual ~Transport() = default;

  virtual Task<error_code> handshake() = 0;
  virtual Task<Result<std::size_t>> read_some(std::span<char> space) = 0;  // one at a time; 0: the end
  virtual Task<error_code> send(std::string bytes) = 0;                    // one at a time
  // False: the peer has closed it, or it is broken, and nobody has read that yet.
  virtual bool alive() = 0;
  virtual void close() = 0;  // whoever waits is told; it must outlive them
};

// `host` is what the certificate has to be for. Without `tls` nothing is encrypted.
std::unique_ptr<Transport> make_transport(Socket socket, const std::shared_ptr<Tls>& tls,
                                          const std::string& host);

}  // namespace mq::net::http
