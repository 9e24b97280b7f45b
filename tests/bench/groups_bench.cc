// SPDX-License-Identifier: Apache-2.0
// What groups cost: heartbeats of many groups, durable commits of many clients, and a start that has to read
// a million of them.
//
//   groups_bench [DIR=.] [GROUPS=10000] [COMMITS=1000000]      DIR/groups_bench.tmp is made and removed
//
// The broker is in this process; the processor time that is shown is its loop's.
#include <pthread.h>
#include <sys/epoll.h>

#include <algorithm>
#include <boost/asio.hpp>
#include <boost/endian/conversion.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <thread>

#include "core/broker/broker.h"
#include "net/kafka/codec.h"
#include "net/kafka/header.h"
#include "net/kafka/messages/every.h"

namespace {

namespace asio = boost::asio;
namespace kafka = mq::kafka;
using Clock = std::chrono::steady_clock;

void check(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "groups_bench: %s\n", what);
  std::abort();
}

double seconds() {
  return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

double cpu_seconds(std::thread& thread) {
  clockid_t clock;
  timespec time{};
  check(pthread_getcpuclockid(thread.native_handle(), &clock) == 0 && clock_gettime(clock, &time) == 0,
        "a thread's time cannot be read");
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// What the kernel alone costs for packets that come and go as heartbeats do: waits, receives, sends them
// back.
class Echo {
 public:
  Echo() : acceptor_(io_, {asio::ip::address_v4::loopback(), 0}) {
    thread_ = std::thread([this] {
      auto socket = acceptor_.accept();
      socket.set_option(asio::ip::tcp::no_delay(true));
      const int poll = ::epoll_create1(0);
      epoll_event event{EPOLLIN, {}};
      check(::epoll_ctl(poll, EPOLL_CTL_ADD, socket.native_handle(), &event) == 0, "epoll_ctl");
      for (char bytes[4096];;) {
        ::epoll_wait(poll, &event, 1, -1);
        const ssize_t got = ::recv(socket.native_handle(), bytes, sizeof bytes, MSG_DONTWAIT);
        if (got <= 0) break;
        check(::send(socket.native_handle(), bytes, static_cast<std::size_t>(got), 0) == got, "send");
      }
      ::close(poll);
    });
  }
  ~Echo() { thread_.join(); }
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  double cpu_seconds() { return ::cpu_seconds(thread_); }

 private:
  asio::io_context io_;
  asio::ip::tcp::acceptor acceptor_;
  std::thread thread_;
};

// A broker on a thread of its own.
class Served {
 public:
  explicit Served(std::filesystem::path data, std::chrono::milliseconds first_join_delay = {}) {
    mq::core::Config config;
    config.data = std::move(data);
    config.listeners.front().listen.port = 0;
    config.group_initial_rebalance_delay = first_join_delay;
    broker_ = std::make_unique<mq::core::Broker>(loop_, std::move(config));
    port_ = broker_->start().listeners.front().port();
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~Served() {
    asio::co_spawn(loop_, broker_->stop(), [this](std::exception_ptr) { loop_.stop(); });
    thread_.join();
    broker_.reset();
  }
  std::uint16_t port() const { return port_; }
  double cpu_seconds() { return ::cpu_seconds(thread_); }

 private:
  asio::io_context loop_{1};
  std::unique_ptr<mq::core::Broker> broker_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

// A blocking client; requests may be sent ahead of their answers.
class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(io_) {
    socket_.connect({asio::ip::address_v4::loopback(), port});
    socket_.set_option(asio::ip::tcp::no_delay(true));
  }
  template <class Request>
  void send(const Request& request, kafka::Version version) {
    const auto pieces = kafka::encode_request(++correlation_, "bench", request, version);
    for (const auto& piece : pieces)
      asio::write(socket_, asio::buffer(piece.memory.get() + piece.position, piece.size));
  }
  template <class Response>
  Response receive(kafka::Version version) {
    receive_frame();
    const auto header = kafka::parse_response_header(frame_, kafka::Describe<Response>::key, version);
    auto response = kafka::decode<Response>(mq::net::Bytes(frame_).subspan(header->body_at), version);
    check(response.has_value(), "an answer does not decode");
    return std::move(*response);
  }
  void receive_frame() {
    unsigned char length[4];
    asio::read(socket_, asio::buffer(length));
    frame_.resize(boost::endian::load_big_u32(length));
    asio::read(socket_, asio::buffer(frame_));
  }
  template <class Response, class Request>
  Response call(const Request& request, kafka::Version version) {
    send(request, version);
    return receive<Response>(version);
  }

 private:
  asio::io_context io_;
  asio::ip::tcp::socket socket_;
  std::int32_t correlation_ = 0;
  std::vector<std::byte> frame_;
};

kafka::HeartbeatRequest join(Client& client, const std::string& group) {
  kafka::JoinGroupRequest request;
  request.group_id = group;
  request.session_timeout_ms = 45'000;
  request.rebalance_timeout_ms = 45'000;
  request.protocol_type = "consumer";
  request.protocols.push_back({"range", kafka::Bytes(40)});
  const auto joined = client.call<kafka::JoinGroupResponse>(request, 3);
  check(joined.error_code == 0, "a member may not join");
  kafka::SyncGroupRequest sync;
  sync.group_id = group;
  sync.member_id = joined.member_id;
  sync.generation_id = joined.generation_id;
  sync.assignments.push_back({joined.member_id, kafka::Bytes(40)});
  check(client.call<kafka::SyncGroupResponse>(sync, 3).error_code == 0, "a member may not sync");
  kafka::HeartbeatRequest beat;
  beat.group_id = group;
  beat.member_id = joined.member_id;
  beat.generation_id = joined.generation_id;
  return beat;
}

// One connection for each group would be 10,000 of them: what is measured is the work, not the sockets. Paced
// as 10,000 members every three seconds are, one request in a packet.
template <class Server>
double share_of_a_core(Server& server, int groups, const std::function<void(std::size_t)>& beat) {
  constexpr double interval = 3;
  const double cpu = server.cpu_seconds(), begin = seconds();
  for (int round = 0; round < 2; round++)
    for (int i = 0; i < groups; i++) {
      const double due = begin + interval * (round + static_cast<double>(i) / groups);
      if (const double early = due - seconds(); early > 0.001)
        std::this_thread::sleep_for(std::chrono::duration<double>(early));
      beat(static_cast<std::size_t>(i));
    }
  return (server.cpu_seconds() - cpu) / (seconds() - begin);
}

void heartbeats(Served& broker, int groups) {
  Client client(broker.port());
  std::vector<kafka::HeartbeatRequest> beats;
  for (int i = 0; i < groups; i++) beats.push_back(join(client, "beating-" + std::to_string(i)));
  const double ours = share_of_a_core(broker, groups, [&](std::size_t i) {
    check(client.call<kafka::HeartbeatResponse>(beats[i], 3).error_code == 0, "a heartbeat is refused");
  });
  Echo echo;
  Client bare(echo.port());
  const double kernel = share_of_a_core(echo, groups, [&](std::size_t i) {
    bare.send(beats[i], 3);
    bare.receive_frame();
  });
  std::printf("heartbeats of %d groups every 3 s      %6.2f %% of a core, echoing them %.2f: %.2f\n", groups,
              100 * ours, 100 * kernel, ours / kernel);
}

// Another subscription than in the last round, or nothing would need to move.
kafka::JoinGroupRequest join_of(const std::string& member, int round) {
  kafka::JoinGroupRequest request;
  request.group_id = "rebalancing";
  request.member_id = member;
  request.session_timeout_ms = 45'000;
  request.rebalance_timeout_ms = 45'000;
  request.protocol_type = "consumer";
  request.protocols.push_back({"range", kafka::Bytes(40, static_cast<std::byte>(round))});
  return request;
}

// Everybody joins, the leader hands out, everybody has what is his: from the first request to the last
// answer, the clients' own work on the same cores included.
double join_and_sync(std::vector<std::unique_ptr<Client>>& clients, std::vector<std::string>& members,
                     int round) {
  const double begin = seconds();
  for (std::size_t i = 0; i < clients.size(); i++) clients[i]->send(join_of(members[i], round), 3);
  std::vector<kafka::SyncGroupRequest> syncs;
  for (std::size_t i = 0; i < clients.size(); i++) {
    const auto joined = clients[i]->receive<kafka::JoinGroupResponse>(3);
    check(joined.error_code == 0, "a member may not join");
    members[i] = joined.member_id;
    auto& sync = syncs.emplace_back();
    sync.group_id = "rebalancing";
    sync.member_id = joined.member_id;
    sync.generation_id = joined.generation_id;
    for (const auto& member : joined.members)
      sync.assignments.push_back({member.member_id, kafka::Bytes(100)});
  }
  for (std::size_t i = 0; i < clients.size(); i++) clients[i]->send(syncs[i], 3);
  for (const auto& client : clients)
    check(client->receive<kafka::SyncGroupResponse>(3).error_code == 0, "a member may not sync");
  return seconds() - begin;
}

void rebalances(Served& broker, std::size_t count) {
  std::vector<std::unique_ptr<Client>> clients;
  for (std::size_t i = 0; i < count; i++) clients.push_back(std::make_unique<Client>(broker.port()));
  std::vector<std::string> members(count);
  join_and_sync(clients, members, 0);  // and a group's first one waits for more to come
  std::vector<double> took;
  for (int round = 1; round < 10; round++) took.push_back(join_and_sync(clients, members, round));
  std::sort(took.begin(), took.end());
  std::printf("rebalance of %zu members              %6.1f ms (%.1f to %.1f)\n", count,
              1e3 * took[took.size() / 2], 1e3 * took.front(), 1e3 * took.back());
}

kafka::OffsetCommitRequest commit_of(const std::string& group, int partition, std::int64_t offset) {
  kafka::OffsetCommitRequest request;
  request.group_id = group;
  request.topics.emplace_back().name = "read";
  request.topics.back().partitions.push_back({partition, offset, -1, ""});
  return request;
}

void make_topic(Served& broker, int partitions) {
  Client client(broker.port());
  kafka::CreateTopicsRequest request;
  auto& topic = request.topics.emplace_back();
  topic.name = "read";
  topic.num_partitions = partitions;
  topic.replication_factor = 1;
  check(client.call<kafka::CreateTopicsResponse>(request, 5).topics.at(0).error_code == 0, "no topic");
  kafka::FindCoordinatorRequest find;
  check(client.call<kafka::FindCoordinatorResponse>(find, 1).error_code == 0, "no coordinator");
}

// `depth`: commits that each client sends before it waits for the oldest.
void commits(Served& broker, int clients, long count, std::size_t depth, const char* what) {
  const double cpu = broker.cpu_seconds(), begin = seconds();
  std::atomic<long> left = count;
  const auto work = [&](int first, int last) {
    std::vector<std::unique_ptr<Client>> all;
    for (int i = first; i < last; i++) all.push_back(std::make_unique<Client>(broker.port()));
    std::vector<std::size_t> waiting(all.size());
    std::int64_t offset = 0;
    for (bool more = true; more;) {
      more = false;
      for (std::size_t i = 0; i < all.size(); i++) {
        while (waiting[i] < depth && left.fetch_sub(1) > 0) {
          const auto group = "group-" + std::to_string(first + static_cast<int>(i));
          all[i]->send(commit_of(group, static_cast<int>(offset % 100), offset), 7);
          offset++;
          waiting[i]++;
        }
      }
      for (std::size_t i = 0; i < all.size(); i++) {
        if (waiting[i] == 0) continue;
        const auto answer = all[i]->receive<kafka::OffsetCommitResponse>(7);
        check(answer.topics.at(0).partitions.at(0).error_code == 0, "a commit is refused");
        waiting[i]--;
        more = true;
      }
    }
  };
  work(0, clients);
  const double took = seconds() - begin;
  std::printf("%-38s  %8.0f a second (%d clients, loop %.0f %%)\n", what, static_cast<double>(count) / took,
              clients, 100 * (broker.cpu_seconds() - cpu) / took);
}

void restart(const std::filesystem::path& data, long commits) {
  const double begin = seconds();
  Served broker(data);
  const double opened = seconds();
  Client client(broker.port());
  while (client.call<kafka::ListGroupsResponse>(kafka::ListGroupsRequest{}, 4).error_code != 0) {
  }
  std::printf(
      "start with %ld commits                %.2f s until served (%.2f s of it opening the journal)\n",
      commits, seconds() - begin, opened - begin);
}

}  // namespace

int main(int argc, char** argv) {
  const std::filesystem::path data = std::filesystem::path(argc > 1 ? argv[1] : ".") / "groups_bench.tmp";
  const int groups = argc > 2 ? std::atoi(argv[2]) : 10'000;
  const long count = argc > 3 ? std::atol(argv[3]) : 1'000'000;
  std::filesystem::remove_all(data);
  {
    Served broker(data);
    make_topic(broker, 100);
    heartbeats(broker, groups);
    commits(broker, 100, 50'000, 1, "durable commits, one at a time");
    commits(broker, 100, count, 50, "durable commits, many at a time");
  }
  restart(data, count);
  std::filesystem::remove_all(data);
  {
    Served broker(data, std::chrono::milliseconds(500));
    rebalances(broker, 100);
  }
  std::filesystem::remove_all(data);
}
