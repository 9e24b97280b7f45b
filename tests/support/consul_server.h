// SPDX-License-Identifier: Apache-2.0
// Consul as processes of the test's: servers on ports of loopback that the kernel chooses, in a directory of
// their own, gone with it. They can be killed, frozen and started again.
#pragma once

#include <string>
#include <vector>

#include "tests/support/server_process.h"
#include "tests/support/temp_dir.h"

namespace mq::test {

class ConsulServer {
 public:
  // Whether there is a consul on the PATH. Tests that need it are skipped where there is none.
  static bool installed() { return !in_path("consul").empty(); }
  static constexpr const char* not_installed =
      "there is no consul on the PATH: nothing was tested with a real one";

  // All run, and one leads. Throws when that takes more than 30 seconds. `settings`: of every one, in HCL.
  explicit ConsulServer(std::size_t members = 1, std::string settings = {});

  std::size_t size() const { return members_.size(); }
  std::string endpoint(std::size_t member = 0) const;
  std::vector<std::string> endpoints() const;

  void kill(std::size_t member = 0);  // SIGKILL; its data stays
  void freeze(std::size_t member = 0);
  void thaw(std::size_t member = 0);
  void start(std::size_t member = 0);  // again; returns when it knows a leader

  // A call of its HTTP API; its answer's body. Blocks.
  std::string call(const std::string& method, const std::string& path, const std::string& body = {},
                   std::size_t member = 0, const std::string& token = {}) const;

 private:
  struct Member {
    std::uint16_t http_port = 0, server_port = 0, serf_port = 0;
    ServerProcess process;
  };

  void launch(std::size_t member);
  void wait_for_leader(std::size_t member);

  const std::string settings_;
  TempDir dir_;
  std::vector<Member> members_;
};

}  // namespace mq::test
