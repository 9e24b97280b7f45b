// SPDX-License-Identifier: Apache-2.0
// A server of somebody else's as a process of the test's, gone with it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace mq::test {

std::string in_path(const std::string& program);  // empty: it is not on the PATH
// As many ports of loopback as are wanted, all different; free when it returns.
std::vector<std::uint16_t> free_ports(std::size_t count);
// What an HTTP server there answers; blocks.
std::string http_call(std::uint16_t port, const std::string& method, const std::string& path,
                      const std::string& body,
                      const std::vector<std::pair<std::string, std::string>>& headers = {});

class ServerProcess {
 public:
  // `name`: of the program, for people. It says READY=1 as it would to systemd, at `files`.ready, and the
  // rest to `files`.log.
  ServerProcess(std::string name, std::filesystem::path files)
      : name_(std::move(name)), files_(std::move(files)) {}
  ~ServerProcess();
  ServerProcess(ServerProcess&& other) noexcept;

  void launch(std::vector<std::string> arguments);
  void wait_until_ready();  // throws when it is not within 30 seconds
  void end(int signal);     // and waits for it
  void send(int signal);
  bool runs() const { return process_ >= 0; }
  std::string last_lines() const;  // of its log

 private:
  std::filesystem::path file(const char* extension) const;

  std::string name_;
  std::filesystem::path files_;
  pid_t process_ = -1;
  int told_ = -1;  // where it says that it is ready
};

}  // namespace mq::test
