// SPDX-License-Identifier: Apache-2.0
// What the store over etcd makes of answers that no etcd, or none that is well, would give.
#include <boost/asio/detached.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "core/metadata/etcd_error.h"
#include "core/metadata/etcd_store.h"
#include "storage/error.h"
#include "tests/storage/support/batches.h"
#include "tests/support/virtual_clock.h"

namespace mq::core {
namespace {

using namespace std::chrono_literals;
using Outcome = Committed::Outcome;
namespace http = boost::beast::http;

// Answers each request with whatever bytes the test says, or with nothing.
class FakeEtcd {
 public:
  struct Said {
    std::string bytes = {};
    bool then_close = false;
  };
  using Answer = std::function<Said(const std::string& target, const std::string& body)>;

  FakeEtcd(asio::io_context& loop, Answer answer)
      : acceptor_(loop.get_executor(), {asio::ip::address_v4::loopback(), 0}),
        state_(std::make_shared<State>(State{std::move(answer), {}, {}})) {
    asio::co_spawn(loop, accept(acceptor_, state_), asio::detached);
  }
  void stop() {
    error_code ignored;
    acceptor_.close(ignored);
    for (auto& socket : state_->sockets) socket->close(ignored);
  }

  std::string endpoint() const {
    return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
  }
  const std::vector<std::string>& asked() const { return state_->asked; }

 private:
  using Socket = std::shared_ptr<net::Socket>;
  struct State {
    Answer answer;
    std::vector<std::string> asked;  // targets
    std::vector<Socket> sockets;
  };

  static Task<void> accept(net::Acceptor& acceptor, std::shared_ptr<State> state) {
    const auto executor = co_await asio::this_coro::executor;
    for (;;) {
      auto socket = std::make_shared<net::Socket>(executor);
      const auto [error] = co_await acceptor.async_accept(*socket, use_result);
      if (error) co_return;
      state->sockets.push_back(socket);
      asio::co_spawn(executor, serve(socket, state), asio::detached);
    }
  }

  static Task<void> serve(Socket socket, std::shared_ptr<State> state) {
    boost::beast::flat_buffer buffer;
    for (;;) {
      http::request<http::string_body> request;
      const auto [failed, size] = co_await http::async_read(*socket, buffer, request, use_result);
      if (failed) co_return;
      state->asked.emplace_back(request.target());
      const Said said = state->answer(state->asked.back(), request.body());
      const auto bytes = asio::buffer(said.bytes);
      const auto [broken, sent] = co_await asio::async_write(*socket, bytes, use_result);
      error_code ignored;
      if (said.then_close) socket->close(ignored);
      if (broken || said.then_close) co_return;
    }
  }

  net::Acceptor acceptor_;
  const std::shared_ptr<State> state_;
};

FakeEtcd::Said json(unsigned status, const std::string& body) {
  return {"HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " + std::to_string(body.size()) +
          "\r\n\r\n" + body};
}

class EtcdOddAnswersTest : public testing::Test {
 protected:
  void TearDown() override {
    if (store) store->stop();
    if (fake) fake->stop();
    loop.restart();
    loop.poll();
    time.forget(loop);
    loop.restart();
    loop.poll();
  }
  void serve(FakeEtcd::Answer answer, EtcdOptions options = {}) {
    fake = std::make_unique<FakeEtcd>(loop, std::move(answer));
    options.endpoints = {fake->endpoint()};
    options.prefix = "/mq/";
    store = std::make_unique<EtcdStore>(loop, time, std::move(options));
  }
  template <class T>
  T wait(Task<T> task) {
    return test::wait_for(loop, std::move(task));
  }
  Committed put() {
    MetadataChange change;
    change.puts["a"] = "1";
    return wait(store->commit(std::move(change)));
  }

  asio::io_context loop{1};
  test::VirtualClock time;
  std::unique_ptr<FakeEtcd> fake;
  std::unique_ptr<EtcdStore> store;
};

// How the store takes it when every answer is this one.
struct OddCase {
  const char* name;
  FakeEtcd::Said said;
};

class EtcdOddCaseTest : public EtcdOddAnswersTest, public testing::WithParamInterface<OddCase> {};

TEST_P(EtcdOddCaseTest, NothingIsKnownAndNothingBreaks) {
  serve([](const auto&, const auto&) { return GetParam().said; });
  const Committed committed = put();
  EXPECT_EQ(committed.outcome, Outcome::unknown);
  EXPECT_FALSE(committed.why.empty());
  EXPECT_EQ(wait(store->load()).error(), EtcdErrc::unknown);
  EXPECT_EQ(wait(store->hold("a", "1")).error(), EtcdErrc::unknown);
  EXPECT_EQ(wait(store->evict("a")), EtcdErrc::unknown);
  EXPECT_FALSE(wait(store->check()).refusal.empty());
}

INSTANTIATE_TEST_SUITE_P(
    All, EtcdOddCaseTest,
    testing::Values(
        OddCase{"Garbage", {std::string("\x16\x03\x01\x02\x00 no HTTP \x00\xff", 16), true}},
        OddCase{"AWebPage", json(200, "<html>hello</html>")},
        OddCase{"JsonThatIsNoObject", json(200, "[1,2,3]")},
        OddCase{"DeepJson", json(200, std::string(100'000, '['))},
        OddCase{"ABrokenProxy", json(502, "bad gateway")},
        OddCase{"LeaderChanged", json(503, R"({"error":"etcdserver: leader changed","code":14})")},
        OddCase{"NothingAtAll", {"", true}}, OddCase{"HalfAHead", {"HTTP/1.1 200 OK\r\nContent-Le", true}},
        OddCase{"HalfABody", {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"header\":{", true}},
        OddCase{"HalfAChunk", {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n50\r\n{\"he", true}},
        OddCase{"AHugeBody", {"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n{", false}},
        OddCase{"AHugeHead", {"HTTP/1.1 200 OK\r\nX: " + std::string(200'000, 'x'), true}}),
    [](const auto& tested) { return tested.param.name; });

TEST_F(EtcdOddAnswersTest, OneThatSaysNothingIsGivenUpInTime) {
  serve([](const auto&, const auto&) { return FakeEtcd::Said{}; });
  std::optional<Committed> committed;
  MetadataChange change;
  change.puts["a"] = "1";
  asio::co_spawn(loop, store->commit(change),
                 [&](std::exception_ptr, Committed answer) { committed = std::move(answer); });
  test::run_until(loop, [&] { return fake->asked().size() == 1; });
  EXPECT_FALSE(committed);
  time.advance(time.now() + 1h);
  test::run_until(loop, [&] { return committed.has_value(); });
  EXPECT_EQ(time.now().time_since_epoch(), 5s);
  EXPECT_EQ(committed->outcome, Outcome::unknown);
  EXPECT_NE(committed->why.find("no answer in time"), std::string::npos) << committed->why;
}

TEST_F(EtcdOddAnswersTest, AnswersThatLackEverythingAreTakenForWhatTheySay) {
  serve([](const auto&, const auto&) {
    return json(200, R"({"kvs":[1,{"key":7},{"key":"****"}],"events":3})");
  });
  EXPECT_EQ(put().outcome, Outcome::conflict) << "nothing says that it succeeded";
  EXPECT_TRUE(wait(store->load())->entries.empty());
  EXPECT_EQ(wait(store->hold("a", "1")).error(), EtcdErrc::unknown) << "a lease without a number";
}

TEST_F(EtcdOddAnswersTest, AUserWhoIsNeverLetInAsksOnce) {
  EtcdOptions options;
  options.user = "mq";
  options.password = "pw";
  serve(
      [](const std::string& target, const auto&) {
        if (target == "/v3/auth/authenticate") return json(200, R"({"token":"t"})");
        return json(401, R"({"error":"etcdserver: invalid auth token","code":16})");
      },
      options);
  EXPECT_EQ(put().outcome, Outcome::refused);
  EXPECT_EQ(fake->asked(), (std::vector<std::string>{"/v3/auth/authenticate", "/v3/kv/txn",
                                                     "/v3/auth/authenticate", "/v3/kv/txn"}));
}

TEST_F(EtcdOddAnswersTest, ManyWhoseTokenIsStaleAskForOneNewOne) {
  EtcdOptions options;
  options.user = "mq";
  options.password = "pw";
  int tokens = 0;
  serve(
      [&](const std::string& target, const auto&) {
        if (target == "/v3/auth/authenticate")
          return json(200, R"({"token":")" + std::to_string(++tokens) + R"("})");
        if (tokens < 2) return json(401, R"({"error":"etcdserver: invalid auth token","code":16})");
        return json(200, R"({"succeeded":true,"header":{"revision":"7"}})");
      },
      options);
  int done = 0;
  for (int i = 0; i < 8; i++) {
    MetadataChange change;
    change.puts["a"] = std::to_string(i);
    asio::co_spawn(loop, store->commit(change), [&](std::exception_ptr, Committed committed) {
      done += committed.outcome == Outcome::done;
    });
  }
  test::run_until(loop, [&] { return done == 8; });
  EXPECT_EQ(tokens, 2);
}

TEST_F(EtcdOddAnswersTest, AnotherClusterIsNotListenedTo) {
  std::string cluster = "1";
  serve([&](const auto&, const auto&) {
    return json(200, R"({"header":{"revision":"5","cluster_id":")" + cluster + R"("},"succeeded":true})");
  });
  EXPECT_EQ(put().outcome, Outcome::done);
  EXPECT_EQ(store->cluster_id(), "1");
  cluster = "2";
  const Committed committed = put();
  EXPECT_EQ(committed.outcome, Outcome::unknown);
  EXPECT_NE(committed.why.find("another etcd cluster"), std::string::npos) << committed.why;
}

TEST_F(EtcdOddAnswersTest, AGatewayThatIsSwitchedOffIsNamed) {
  serve([](const std::string& target, const auto&) {
    if (target == "/version") return json(200, R"({"etcdserver":"3.4.23"})");
    return json(404, "404 page not found");
  });
  EXPECT_NE(wait(store->check()).refusal.find("--enable-grpc-gateway"), std::string::npos);
  EXPECT_EQ(put().outcome, Outcome::refused);
}

TEST_F(EtcdOddAnswersTest, WhatIsNotEtcdIsSaidToBeNot) {
  serve([](const auto&, const auto&) { return json(200, "<html>hello</html>"); });
  EXPECT_NE(wait(store->check()).refusal.find("is not etcd"), std::string::npos);
}

// A message of a watch without an end: it is given up, and another watch begun.
TEST_F(EtcdOddAnswersTest, AMessageWithoutAnEndIsGivenUp) {
  const std::string piece(1 << 20, 'x');
  serve([&](const std::string& target, const auto&) {
    if (target != "/v3/watch") return json(200, "{}");
    FakeEtcd::Said said{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"};
    for (int i = 0; i < 10; i++) said.bytes += "100000\r\n" + piece + "\r\n";
    return said;
  });
  asio::co_spawn(loop, store->watch(1), [](std::exception_ptr, Result<MetadataUpdate>) {});
  const auto watches = [&] { return std::count(fake->asked().begin(), fake->asked().end(), "/v3/watch"); };
  test::run_until(loop, [&] {
    if (watches() == 1 && time.alarms() > 1) time.advance(time.now() + 100ms);  // the pause between two
    return watches() == 2;
  });
}

TEST_F(EtcdOddAnswersTest, EventsThatAreRepeatedOrOldAreNoNews) {
  const auto event = [](const char* key, const char* value, int version) {
    return R"({"kv":{"key":")" + std::string(key) + R"(","value":")" + value + R"(","mod_revision":")" +
           std::to_string(version) + R"("}})";
  };
  const std::string a = "L21xL2E=", b = "L21xL2I=";  // /mq/a, /mq/b
  serve([&](const std::string&, const auto&) {
    const auto message = [](const std::string& events) {
      return R"({"result":{"events":[)" + events + "]}}\n";
    };
    const std::string body = message(event(a.c_str(), "MQ==", 4)) + message(event(a.c_str(), "Mg==", 9)) +
                             message(event(a.c_str(), "MQ==", 7)) + message(event(b.c_str(), "MQ==", 8));
    return FakeEtcd::Said{"HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size() + 1) +
                          "\r\n\r\n" + body};
  });
  MetadataUpdate all;
  asio::co_spawn(loop, store->watch(5),
                 [&](std::exception_ptr, Result<MetadataUpdate> update) { all = *update; });
  test::run_until(loop, [&] { return all.entries.size() > 0; });
  EXPECT_EQ(all.entries.at("a"), (MetadataEntry{"2", 9}));
  const auto rest = wait(store->watch(7));
  EXPECT_EQ(rest->entries.at("a"), (MetadataEntry{"2", 9}));
  EXPECT_EQ(rest->entries.at("b"), (MetadataEntry{"1", 8}))
      << "older than what came before, but news of its key";
}

TEST(EtcdCheckTest, VersionsThatLoseDataAreRefusedAndOldOnesRemarkedOn) {
  for (const char* version : {"3.3.27", "2.3.8", "3.5.0", "3.5.2", "", "hello", "3.4"})
    EXPECT_TRUE(remark_on_etcd(version).refused) << version;
  for (const char* version : {"3.4.0", "3.4.23", "3.4.41", "3.5.3", "3.5.27"}) {
    EXPECT_FALSE(remark_on_etcd(version).refused) << version;
    EXPECT_FALSE(remark_on_etcd(version).sentence.empty()) << version;
  }
  for (const char* version : {"3.4.42", "3.5.28", "3.6.0", "3.6.0-rc.1", "4.0.0"})
    EXPECT_TRUE(remark_on_etcd(version).sentence.empty()) << version;
}

}  // namespace
}  // namespace mq::core
