// SPDX-License-Identifier: Apache-2.0
// etcd as a process of the test's: one member or more on ports of loopback that the kernel chooses, in a
// directory of its own, gone with it. They can be killed, frozen and started again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/server_process.h"
#include "tests/support/temp_dir.h"

namespace mq::test {

struct EtcdServerOptions {
  std::size_t members = 1;
  std::vector<std::string> flags = {};  // of every member
  std::string scheme = "http";          // of the ports for clients
};

class EtcdServer {
 public:
  using Options = EtcdServerOptions;

  // Whether there is an etcd on the PATH. Tests that need it are skipped where there is none.
  static bool installed();
  static constexpr const char* not_installed =
      "there is no etcd on the PATH (Debian's package etcd-server): nothing of it was tested";

  // All members run, and answer. Throws when they do not within 30 seconds.
  explicit EtcdServer(Options options = {});
  EtcdServer(const EtcdServer&) = delete;

  std::size_t size() const { return members_.size(); }
  std::string endpoint(std::size_t member = 0) const;
  std::vector<std::string> endpoints() const;

  void kill(std::size_t member = 0);  // SIGKILL; its data stays
  void stop(std::size_t member = 0);  // SIGTERM, and waits for its end
  void freeze(std::size_t member = 0);
  void thaw(std::size_t member = 0);
  void start(std::size_t member = 0);  // again; returns when it is part of the cluster

  // A call of the gateway's, as a body in JSON; its answer's body. Blocks.
  std::string call(const std::string& path, const std::string& body, std::size_t member = 0,
                   const std::string& token = {}) const;

 private:
  struct Member {
    std::uint16_t client_port = 0, peer_port = 0;
    ServerProcess process;
  };

  void launch(std::size_t member);

  const Options options_;
  TempDir dir_;
  std::vector<Member> members_;
};

}  // namespace mq::test
