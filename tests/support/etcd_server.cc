// SPDX-License-Identifier: Apache-2.0
#include "tests/support/etcd_server.h"

#include <signal.h>

namespace mq::test {

bool EtcdServer::installed() {
  return !in_path("etcd").empty();
}

EtcdServer::EtcdServer(Options options) : options_(std::move(options)) {
  const auto ports = free_ports(2 * options_.members);
  for (std::size_t i = 0; i < options_.members; i++)
    members_.push_back({ports[2 * i], ports[2 * i + 1], ServerProcess("etcd", dir_ / std::to_string(i))});
  for (std::size_t i = 0; i < size(); i++) launch(i);
  for (Member& member : members_) member.process.wait_until_ready();
}

std::string EtcdServer::endpoint(std::size_t member) const {
  return options_.scheme + "://127.0.0.1:" + std::to_string(members_[member].client_port);
}

std::vector<std::string> EtcdServer::endpoints() const {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < size(); i++) all.push_back(endpoint(i));
  return all;
}

void EtcdServer::launch(std::size_t member) {
  const auto peer = [&](std::size_t i) {
    return "http://127.0.0.1:" + std::to_string(members_[i].peer_port);
  };
  const auto name = [](std::size_t i) { return "m" + std::to_string(i); };
  std::string cluster;
  for (std::size_t i = 0; i < size(); i++) cluster += (i > 0 ? "," : "") + name(i) + "=" + peer(i);
  std::vector<std::string> arguments = {in_path("etcd"),
                                        "--name=" + name(member),
                                        "--data-dir=" + (dir_ / (std::to_string(member) + ".data")).string(),
                                        "--listen-client-urls=" + endpoint(member),
                                        "--advertise-client-urls=" + endpoint(member),
                                        "--listen-peer-urls=" + peer(member),
                                        "--initial-advertise-peer-urls=" + peer(member),
                                        "--initial-cluster=" + cluster,
                                        "--unsafe-no-fsync"};
  arguments.insert(arguments.end(), options_.flags.begin(), options_.flags.end());
  members_[member].process.launch(std::move(arguments));
}

void EtcdServer::kill(std::size_t member) {
  members_[member].process.end(SIGKILL);
}

void EtcdServer::stop(std::size_t member) {
  members_[member].process.end(SIGTERM);
}

void EtcdServer::freeze(std::size_t member) {
  members_[member].process.send(SIGSTOP);
}

void EtcdServer::thaw(std::size_t member) {
  members_[member].process.send(SIGCONT);
}

void EtcdServer::start(std::size_t member) {
  launch(member);
  members_[member].process.wait_until_ready();
}

std::string EtcdServer::call(const std::string& path, const std::string& body, std::size_t member,
                             const std::string& token) const {
  std::vector<std::pair<std::string, std::string>> headers;
  if (!token.empty()) headers.emplace_back("Authorization", token);
  return http_call(members_[member].client_port, "POST", path, body, headers);
}

}  // namespace mq::test
