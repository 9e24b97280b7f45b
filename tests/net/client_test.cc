// SPDX-License-Identifier: Apache-2.0
#include "net/client.h"

#include <gtest/gtest.h>

#include <boost/asio/detached.hpp>

#include "tests/net/support/sockets.h"

namespace mq::net {
namespace {

using namespace std::chrono_literals;

// Key, version, a correlation id to be replaced, and text.
Pieces request(const std::string& text) {
  return {piece_of(framed(std::string(8, '\1') + text))};
}

std::string text_of(const Result<Slice>& answer) {
  return answer ? bytes_of(*answer).substr(4) : answer.error().message();
}

// Answers with the correlation id and the rest of the request.
Pieces answer_to(const std::string& frame) {
  return {piece_of(framed(frame.substr(4)))};
}

struct Answering final : Handler {
  std::vector<std::string> seen;
  Task<Result<Pieces>> handle(std::shared_ptr<Peer>, Slice frame) override {
    seen.push_back(bytes_of(frame));
    Pieces answer = answer_to(seen.back());
    if (seen.back().ends_with("acks=0")) answer.clear();
    co_return answer;
  }
  bool overlaps(Bytes) const override { return false; }
};

struct ClientTest : Sockets {
  std::shared_ptr<Client> connect(std::size_t answer_bytes_max = Client::answer_bytes_max_default) {
    return run(Client::connect("127.0.0.1", address.port(), 10s, nullptr, answer_bytes_max)).value();
  }

  // Starts a call; its answer lies there when it has come.
  std::shared_ptr<std::optional<Result<Slice>>> start(const std::shared_ptr<Client>& client,
                                                      const std::string& text,
                                                      Client::Duration timeout = 20s) {
    auto answer = std::make_shared<std::optional<Result<Slice>>>();
    asio::co_spawn(loop, client->call(request(text), timeout),
                   [client, answer](std::exception_ptr, Result<Slice> got) { *answer = std::move(got); });
    return answer;
  }

  // A server that accepts once and speaks raw bytes.
  void listen_raw() {
    acceptor.emplace(loop.get_executor(), tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    address = acceptor->local_endpoint();
  }
  std::shared_ptr<Socket> accept_raw() {
    auto socket = std::make_shared<Socket>(loop.get_executor());
    acceptor->accept(*socket);
    return socket;
  }

  std::optional<Acceptor> acceptor;
};

TEST_F(ClientTest, GetsTheAnswerToItsCall) {
  Answering answering;
  serve(answering);
  auto client = connect();
  EXPECT_EQ(client->remote(), address);
  EXPECT_EQ(text_of(run(client->call(request("hello"), 10s))), "hello");
  EXPECT_EQ(text_of(run(client->call(request("again"), 10s))), "again");
}

TEST_F(ClientTest, HasManyCallsInFlight) {
  Parking parking;
  serve(parking);
  auto client = connect();
  std::vector<std::shared_ptr<std::optional<Result<Slice>>>> answers;
  for (int i = 0; i < 300; i++) answers.push_back(start(client, "call " + std::to_string(i)));
  until([&] { return parking.seen.size() == 300; });
  for (auto at = parking.seen.rbegin(); at != parking.seen.rend(); ++at)
    (*at)->say(answer_to((*at)->request));
  until([&] { return answers.back()->has_value(); });
  for (int i = 0; i < 300; i++)
    EXPECT_EQ(text_of(**answers[static_cast<std::size_t>(i)]), "call " + std::to_string(i));
}

TEST_F(ClientTest, GathersARequestOfManyPieces) {
  Answering answering;
  serve(answering);
  auto client = connect();
  const std::string large = pattern(3u << 20), whole = framed(std::string(8, '\1') + large);
  Pieces pieces{piece_of(whole.substr(0, 2)), piece_of(whole.substr(2, 5)), piece_of(whole.substr(7, 20)),
                piece_of(whole.substr(27))};
  EXPECT_TRUE(text_of(run(client->call(std::move(pieces), 10s))) == large);
}

TEST_F(ClientTest, LeavesTheMemoryOfTheRequestAsItIs) {
  Answering answering;
  serve(answering);
  auto client = connect();
  const Pieces pieces = request("same");
  for (int i = 0; i < 2; i++) EXPECT_EQ(text_of(run(client->call(pieces, 10s))), "same");
}

TEST_F(ClientTest, ReceivesLargeAnswersWhole) {
  Answering answering;
  serve(answering);
  auto client = connect();
  const std::string large = pattern(30u << 20);
  EXPECT_TRUE(text_of(run(client->call(request(large), 20s))) == large);
}

TEST_F(ClientTest, RefusesAnswersLargerThanAllowed) {
  Answering answering;
  serve(answering);
  auto client = connect(1000);
  EXPECT_EQ(text_of(run(client->call(request("fits"), 10s))), "fits");
  EXPECT_EQ(run(client->call(request(pattern(1000)), 10s)).error(), Errc::too_large);
  EXPECT_FALSE(client->open());
}

TEST_F(ClientTest, RefusesARequestThatIsNoFrameAndGoesOn) {
  Answering answering;
  serve(answering);
  auto client = connect();
  EXPECT_EQ(run(client->call({piece_of("short")}, 10s)).error(), Errc::malformed);
  EXPECT_EQ(run(client->call({piece_of(length_of(5) + "not that long")}, 10s)).error(), Errc::malformed);
  EXPECT_EQ(text_of(run(client->call(request("fine"), 10s))), "fine");
}

TEST_F(ClientTest, SendsWithoutWaitingForAnAnswer) {
  Answering answering;
  serve(answering);
  auto client = connect();
  EXPECT_EQ(run(client->send(request("acks=0"))), error_code());
  EXPECT_EQ(text_of(run(client->call(request("next"), 10s))), "next");
  EXPECT_EQ(answering.seen.size(), 2u);
}

TEST_F(ClientTest, ClosesWhenACallTimesOutAndTellsTheOthers) {
  Parking parking;
  serve(parking);
  auto client = connect();
  auto patient = start(client, "patient", 20s);
  auto hasty = start(client, "hasty", 30ms);
  until([&] { return patient->has_value() && hasty->has_value(); });
  EXPECT_EQ((*hasty)->error(), Errc::timed_out);
  EXPECT_EQ((*patient)->error(), Errc::timed_out);
  EXPECT_EQ((*hasty)->error(), boost::system::errc::timed_out);
  EXPECT_FALSE(client->open());
  EXPECT_EQ(run(client->call(request("late"), 10s)).error(), Errc::timed_out);
}

TEST_F(ClientTest, WakesAllCallsWhenItIsClosed) {
  Parking parking;
  serve(parking);
  auto client = connect();
  auto first = start(client, "1"), second = start(client, "2");
  until([&] { return parking.seen.size() == 2; });
  client->close();
  until([&] { return first->has_value() && second->has_value(); });
  EXPECT_EQ((*first)->error(), Errc::closed);
  EXPECT_EQ((*second)->error(), Errc::closed);
}

TEST_F(ClientTest, SaysWhenTheServerClosesInTheMiddleOfAnAnswer) {
  listen_raw();
  auto client = connect();
  auto raw = accept_raw();
  auto answer = start(client, "a");
  EXPECT_EQ(read(raw, 13).size(), 13u);
  write(raw, length_of(100) + "half");
  raw->shutdown(tcp::socket::shutdown_send);
  until([&] { return answer->has_value(); });
  EXPECT_EQ((*answer)->error(), Errc::closed);
}

TEST_F(ClientTest, RefusesAnAnswerToAnotherQuestion) {
  listen_raw();
  auto client = connect();
  auto raw = accept_raw();
  auto answer = start(client, "a");
  write(raw, framed("\x7f\x7f\x7f\x7f"));
  until([&] { return answer->has_value(); });
  EXPECT_EQ((*answer)->error(), Errc::malformed);
}

TEST_F(ClientTest, SaysWhenTheServerSpeaksTls) {
  listen_raw();
  auto client = connect();
  auto raw = accept_raw();
  auto answer = start(client, "a");
  write(raw, std::string("\x15\x03\x01\x00\x02\x02\x46", 7));
  until([&] { return answer->has_value(); });
  EXPECT_EQ((*answer)->error(), Errc::looks_like_tls);
}

TEST_F(ClientTest, SaysWhichAddressRefused) {
  listen_raw();
  acceptor.reset();
  std::vector<Attempt> attempts;
  const auto client = run(Client::connect("127.0.0.1", address.port(), 10s, &attempts));
  EXPECT_EQ(client.error(), asio::error::connection_refused);
  ASSERT_EQ(attempts.size(), 1u);
  EXPECT_EQ(attempts[0].address, address);
  EXPECT_EQ(attempts[0].error, asio::error::connection_refused);
}

TEST_F(ClientTest, TriesTheAddressesOfANameOneAfterTheOther) {
  Answering answering;
  serve(answering);
  std::vector<Attempt> attempts;
  const auto client = run(Client::connect("localhost", address.port(), 10s, &attempts));
  ASSERT_TRUE(client);
  ASSERT_FALSE(attempts.empty());
  EXPECT_EQ(attempts.back().address, address);
  EXPECT_EQ(attempts.back().error, error_code());
}

TEST_F(ClientTest, GivesUpOnAnAddressThatDoesNotAnswer) {
  Acceptor full(loop.get_executor());
  full.open(tcp::v4());
  full.bind({asio::ip::address_v4::loopback(), 0});
  full.listen(0);
  address = full.local_endpoint();
  std::vector<std::shared_ptr<Socket>> waiting;
  for (int i = 0; i < 4; i++) {  // its queue is full: the kernel answers nobody any more
    waiting.push_back(std::make_shared<Socket>(loop.get_executor()));
    waiting.back()->async_connect(address, [](error_code) {});
  }
  std::vector<Attempt> attempts;
  const auto client = run(Client::connect("127.0.0.1", address.port(), 50ms, &attempts));
  EXPECT_EQ(client.error(), Errc::timed_out);
  EXPECT_EQ(attempts.size(), 1u);
}

TEST_F(ClientTest, MayEndWithItsLoopWhileCallsWait) {
  Parking parking;
  auto other = std::make_unique<asio::io_context>(1);
  auto other_server = Server::create(*other, parking, {});
  const auto at = other_server->listen({asio::ip::address_v4::loopback(), 0}).value();
  asio::co_spawn(
      *other,
      [](std::uint16_t port) -> Task<void> {
        auto client = co_await Client::connect("127.0.0.1", port, 10s);
        co_await (*client)->call(request("never"), 10s);
      }(at.port()),
      asio::detached);
  while (parking.seen.empty() && other->run_one_for(10s)) {
  }
  ASSERT_EQ(parking.seen.size(), 1u);
  other_server.reset();
  parking.seen[0]->echo();
  parking.seen.clear();
  other.reset();
}

}  // namespace
}  // namespace mq::net
