// SPDX-License-Identifier: Apache-2.0
#include "tests/support/server_process.h"

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

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

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

}  // namespace

std::string in_path(const std::string& program) {
  std::istringstream path(std::getenv("PATH") ? std::getenv("PATH") : "");
  for (std::string folder; std::getline(path, folder, ':');)
    if (::access((folder + "/" + program).c_str(), X_OK) == 0) return folder + "/" + program;
  return {};
}

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

std::string http_call(std::uint16_t port, const std::string& method, const std::string& path,
                      const std::string& body,
                      const std::vector<std::pair<std::string, std::string>>& headers) {
  namespace http = boost::beast::http;
  boost::asio::io_context io;
  boost::asio::ip::tcp::socket socket(io);
  socket.connect({boost::asio::ip::address_v4::loopback(), port});
  http::request<http::string_body> request(http::string_to_verb(method), path, 11, body);
  request.set(http::field::host, "localhost");
  for (const auto& [name, value] : headers) request.set(name, value);
  request.prepare_payload();
  http::write(socket, request);
  boost::beast::flat_buffer buffer;
  http::response<http::string_body> response;
  http::read(socket, buffer, response);
  return response.body();
}

ServerProcess::ServerProcess(ServerProcess&& other) noexcept
    : name_(std::move(other.name_)),
      files_(std::move(other.files_)),
      process_(std::exchange(other.process_, -1)),
      told_(std::exchange(other.told_, -1)) {}

ServerProcess::~ServerProcess() {
  end(SIGKILL);
}

std::filesystem::path ServerProcess::file(const char* extension) const {
  return files_.string() + extension;
}

void ServerProcess::launch(std::vector<std::string> arguments) {
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);

  const std::string ready = file(".ready").string();
  std::string notify = "NOTIFY_SOCKET=" + ready;
  std::vector<char*> environment{notify.data()};
  for (char** variable = environ; *variable; variable++) environment.push_back(*variable);
  environment.push_back(nullptr);
  told_ = listen_for_ready(ready);
  const int out = ::open(file(".log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  process_ = ::fork();
  if (process_ == 0) {  // only system calls until it is the server: there may have been threads
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    ::execve(argv[0], argv.data(), environment.data());
    ::_exit(127);
  }
  ::close(out);
  if (process_ < 0) throw std::runtime_error("no process for " + name_);
}

void ServerProcess::wait_until_ready() {
  pollfd told{told_, POLLIN, 0};
  const bool ready = ::poll(&told, 1, ready_within_ms) == 1;
  ::close(std::exchange(told_, -1));
  if (!ready) throw std::runtime_error(name_ + " does not start:\n" + last_lines());
}

void ServerProcess::end(int signal) {
  if (told_ >= 0) ::close(std::exchange(told_, -1));
  if (process_ < 0) return;
  ::kill(process_, SIGCONT);
  ::kill(process_, signal);
  ::waitpid(std::exchange(process_, -1), nullptr, 0);
}

void ServerProcess::send(int signal) {
  ::kill(process_, signal);
}

std::string ServerProcess::last_lines() const {
  std::ifstream in(file(".log"));
  std::string text((std::istreambuf_iterator<char>(in)), {});
  return text.size() > 2000 ? text.substr(text.size() - 2000) : text;
}

}  // namespace mq::test
