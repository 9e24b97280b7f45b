// SPDX-License-Identifier: Apache-2.0
#include "tests/support/consul_server.h"

#include <signal.h>

#include <chrono>
#include <exception>
#include <stdexcept>
#include <thread>

namespace mq::test {

ConsulServer::ConsulServer(std::size_t members, std::string settings) : settings_(std::move(settings)) {
  const auto ports = free_ports(3 * members);
  for (std::size_t i = 0; i < members; i++)
    members_.push_back({ports[3 * i], ports[3 * i + 1], ports[3 * i + 2],
                        ServerProcess("consul", dir_ / std::to_string(i))});
  for (std::size_t i = 0; i < size(); i++) launch(i);
  for (std::size_t i = 0; i < size(); i++) wait_for_leader(i);
}

std::string ConsulServer::endpoint(std::size_t member) const {
  return "http://127.0.0.1:" + std::to_string(members_[member].http_port);
}

std::vector<std::string> ConsulServer::endpoints() const {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < size(); i++) all.push_back(endpoint(i));
  return all;
}

void ConsulServer::launch(std::size_t number) {
  Member& member = members_[number];
  const auto port = [](std::uint16_t free) { return std::to_string(free); };
  std::vector<std::string> arguments = {in_path("consul"),
                                        "agent",
                                        "-server",
                                        "-node=m" + std::to_string(number),
                                        "-bootstrap-expect=" + std::to_string(size()),
                                        "-data-dir=" + (dir_ / (std::to_string(number) + ".data")).string(),
                                        "-bind=127.0.0.1",
                                        "-client=127.0.0.1",
                                        "-http-port=" + port(member.http_port),
                                        "-server-port=" + port(member.server_port),
                                        "-serf-lan-port=" + port(member.serf_port),
                                        "-serf-wan-port=-1",
                                        "-grpc-port=-1",
                                        "-grpc-tls-port=-1",
                                        "-dns-port=-1",
                                        "-hcl=performance { raft_multiplier = 1 }"};
  if (!settings_.empty()) arguments.push_back("-hcl=" + settings_);
  for (std::size_t i = 0; i < size(); i++)
    if (i != number) arguments.push_back("-retry-join=127.0.0.1:" + port(members_[i].serf_port));
  member.process.launch(std::move(arguments));
}

// It says READY=1 before that; who leads is told to whoever asks.
void ConsulServer::wait_for_leader(std::size_t member) {
  using namespace std::chrono_literals;
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  while (std::chrono::steady_clock::now() < deadline) {
    try {
      if (call("GET", "/v1/status/leader", {}, member).find(':') != std::string::npos) return;
    } catch (const std::exception&) {  // it does not listen yet
    }
    std::this_thread::sleep_for(50ms);
  }
  throw std::runtime_error("consul has no leader:\n" + members_[member].process.last_lines());
}

void ConsulServer::kill(std::size_t member) {
  members_[member].process.end(SIGKILL);
}

void ConsulServer::freeze(std::size_t member) {
  members_[member].process.send(SIGSTOP);
}

void ConsulServer::thaw(std::size_t member) {
  members_[member].process.send(SIGCONT);
}

void ConsulServer::start(std::size_t member) {
  launch(member);
  wait_for_leader(member);
}

std::string ConsulServer::call(const std::string& method, const std::string& path, const std::string& body,
                               std::size_t member, const std::string& token) const {
  std::vector<std::pair<std::string, std::string>> headers;
  if (!token.empty()) headers.emplace_back("X-Consul-Token", token);
  return http_call(members_[member].http_port, method, path, body, headers);
}

}  // namespace mq::test
