// SPDX-License-Identifier: Apache-2.0
#include "tests/support/etcd_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace mq::test {

namespace {

constexpr int ready_within_ms = 30'000;

std::string in_path(const std::string& program) {
  std::istringstream path(std::getenv("PATH") ? std::getenv("PATH") : "");
  for (std::string folder; std::getline(path, folder, ':');)
    if (::access((folder + "/" + program).c_str(), X_OK) == 0) return folder + "/" + program;
  return {};
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

// As many ports as are wanted, all different; free when it returns.
std::vector<std::uint16_t> free_ports(std::size_t count) {
  std::vector<int> sockets;
  std::vector<std::uint16_t> ports;
  while (ports.size() < count) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (socket < 0 || ::bind(socket, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      throw std::runtime_error("no free port");
    sockets.push_back(socket);
    ports.push_back(ntohs(address.sin_port));
  }
  for (const int socket : sockets) ::close(socket);
  return ports;
}

// Where a process says READY=1, as it would to systemd.
int listen_for_ready(const std::filesystem::path& path) {
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = path.string();
  if (name.size() >= sizeof address.sun_path)
    throw std::runtime_error("a path too long for a socket: " + name);
  std::memcpy(address.sun_path, name.c_str(), name.size() + 1);
  ::unlink(name.c_str());
  if (socket < 0 || ::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("no socket at " + name);
  return socket;
}

std::string last_lines(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string text((std::istreambuf_iterator<char>(in)), {});
  return text.size() > 2000 ? text.substr(text.size() - 2000) : text;
}

}  // namespace

bool EtcdServer::installed() {
  return !in_path("etcd").empty();
}

EtcdServer::EtcdServer(Options options) : options_(std::move(options)) {
  const auto ports = free_ports(2 * options_.members);
  for (std::size_t i = 0; i < options_.members; i++) members_.push_back({ports[2 * i], ports[2 * i + 1]});
  for (std::size_t i = 0; i < size(); i++) launch(i);
  for (std::size_t i = 0; i < size(); i++) wait_until_ready(i);
}

EtcdServer::~EtcdServer() {
  for (std::size_t i = 0; i < size(); i++) end(i, SIGKILL);
}

std::filesystem::path EtcdServer::file(std::size_t member, const std::string& name) const {
  return dir_ / (std::to_string(member) + name);
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
                                        "--data-dir=" + file(member, ".data").string(),
                                        "--listen-client-urls=" + endpoint(member),
                                        "--advertise-client-urls=" + endpoint(member),
                                        "--listen-peer-urls=" + peer(member),
                                        "--initial-advertise-peer-urls=" + peer(member),
                                        "--initial-cluster=" + cluster,
                                        "--unsafe-no-fsync"};
  arguments.insert(arguments.end(), options_.flags.begin(), options_.flags.end());
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);

  Member& here = members_[member];
  const std::string ready = file(member, ".ready").string();
  std::string notify = "NOTIFY_SOCKET=" + ready;
  std::vector<char*> environment{notify.data()};
  for (char** variable = environ; *variable; variable++) environment.push_back(*variable);
  environment.push_back(nullptr);
  here.told = listen_for_ready(ready);
  const int out = ::open(file(member, ".log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  here.process = ::fork();
  if (here.process == 0) {  // only system calls until it is etcd: there may have been threads
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    ::execve(argv[0], argv.data(), environment.data());
    ::_exit(127);
  }
  ::close(out);
  if (here.process < 0) throw std::runtime_error("no process for etcd");
}

void EtcdServer::wait_until_ready(std::size_t member) {
  Member& here = members_[member];
  pollfd told{here.told, POLLIN, 0};
  const bool ready = ::poll(&told, 1, ready_within_ms) == 1;
  ::close(std::exchange(here.told, -1));
  if (!ready) throw std::runtime_error("etcd does not start:\n" + last_lines(file(member, ".log")));
}

void EtcdServer::end(std::size_t member, int signal) {
  Member& here = members_[member];
  if (here.told >= 0) ::close(std::exchange(here.told, -1));
  if (here.process < 0) return;
  ::kill(here.process, SIGCONT);
  ::kill(here.process, signal);
  ::waitpid(std::exchange(here.process, -1), nullptr, 0);
}

void EtcdServer::kill(std::size_t member) {
  end(member, SIGKILL);
}

void EtcdServer::stop(std::size_t member) {
  end(member, SIGTERM);
}

void EtcdServer::freeze(std::size_t member) {
  ::kill(members_[member].process, SIGSTOP);
}

void EtcdServer::thaw(std::size_t member) {
  ::kill(members_[member].process, SIGCONT);
}

void EtcdServer::start(std::size_t member) {
  launch(member);
  wait_until_ready(member);
}

std::string EtcdServer::call(const std::string& path, const std::string& body, std::size_t member,
                             const std::string& token) const {
  namespace http = boost::beast::http;
  boost::asio::io_context io;
  boost::asio::ip::tcp::socket socket(io);
  socket.connect({boost::asio::ip::address_v4::loopback(), members_[member].client_port});
  http::request<http::string_body> request(http::verb::post, path, 11, body);
  request.set(http::field::host, "etcd");
  if (!token.empty()) request.set(http::field::authorization, token);
  request.prepare_payload();
  http::write(socket, request);
  boost::beast::flat_buffer buffer;
  http::response<http::string_body> response;
  http::read(socket, buffer, response);
  return response.body();
}

}  // namespace mq::test
