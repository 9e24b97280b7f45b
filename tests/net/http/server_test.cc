// SPDX-License-Identifier: Apache-2.0
#include "net/http/server.h"

#include "tests/net/support/sockets.h"

namespace mq::net::http {
namespace {

using namespace std::chrono_literals;

// Does what the test says with each request.
struct Doing final : Handler {
  std::function<Task<void>(Exchange&)> what;
  Task<void> handle(Exchange& exchange) override { return what(exchange); }
};

Task<void> echo(Exchange& exchange) {
  auto body = co_await exchange.body(1000);
  Answer answer{.status = body ? 200u : 413u,
                .body = body ? exchange.head().target + " " + *body : "too much"};
  co_await exchange.answer(std::move(answer));
}

struct HttpServerTest : Sockets {
  ~HttpServerTest() override {
    http.reset();
    loop.restart();
    loop.poll();
  }

  void serve(std::function<Task<void>(Exchange&)> what, const ServerLimits& limits = {}) {
    handler.what = std::move(what);
    http = http::Server::create(loop, handler, limits);
    address = http->listen({asio::ip::address_v4::loopback(), 0}).value();
  }

  std::string head_from(const std::shared_ptr<Socket>& from) {
    std::string head;
    while (!head.ends_with("\r\n\r\n")) {
      const std::string byte = read(from, 1);
      if (byte.empty()) break;
      head += byte;
    }
    return head;
  }
  // The answer to what is sent: its head, and as much of a body as it says.
  std::string answer_to(const std::shared_ptr<Socket>& client, const std::string& request) {
    write(client, request);
    const std::string head = head_from(client);
    const std::size_t at = head.find("Content-Length: ");
    return head + (at == std::string::npos ? "" : read(client, std::stoul(head.substr(at + 16))));
  }
  std::string status_of(const std::string& answer) { return answer.substr(0, answer.find('\r')); }

  Doing handler;
  std::unique_ptr<http::Server> http;
};

TEST_F(HttpServerTest, OneConnectionIsAnsweredManyTimesAndInOrder) {
  serve(echo);
  const auto client = peer();
  for (const std::string body : {"one", "two"}) {
    const std::string answer =
        answer_to(client, "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n" + body);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\nDate: ")) << answer;
    EXPECT_TRUE(answer.ends_with("\r\n\r\n/x " + body)) << answer;
  }
  const std::string both = "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n";
  EXPECT_TRUE(answer_to(client, both).ends_with("/1 "));
  EXPECT_TRUE(answer_to(client, "").ends_with("/2 "));
  EXPECT_EQ(http->stats().requests, 4u);
  EXPECT_EQ(http->stats().unsent_bytes, 0u);
}

TEST_F(HttpServerTest, ABodyComesInChunksOrByLengthAndWhoeverWaitsForA100GetsIt) {
  serve(echo);
  const auto client = peer();
  EXPECT_TRUE(answer_to(client,
                        "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")
                  .ends_with("/x abc"));
  write(client, "PUT /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(read(client, 25), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_TRUE(answer_to(client, "de").ends_with("/x de"));
}

TEST_F(HttpServerTest, TooMuchBodyIsAnsweredAndTheConnectionEnds) {
  serve(echo);
  const auto client = peer();
  write(client, "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n" + std::string(2000, 'x'));
  const std::string head = head_from(client);
  EXPECT_EQ(status_of(head), "HTTP/1.1 413 Payload Too Large");
  EXPECT_NE(head.find("Connection: close"), std::string::npos);
  EXPECT_EQ(read(client, 100), "too much");
}

TEST_F(HttpServerTest, APieceIsSentAsItComesAndAnEndThatIsMissingIsSeen) {
  serve([](Exchange& exchange) -> Task<void> {
    Answer head{.type = "application/x-ndjson", .body = "first\n"};
    co_await exchange.begin(std::move(head));
    co_await exchange.send("second\n");
    if (exchange.head().target == "/whole") co_await exchange.end();
  });
  auto client = peer();
  const std::string pieces = "6\r\nfirst\n\r\n7\r\nsecond\n\r\n";
  write(client, "GET /whole HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_NE(head_from(client).find("Transfer-Encoding: chunked"), std::string::npos);
  EXPECT_EQ(read(client, pieces.size() + 5), pieces + "0\r\n\r\n");
  write(client, "GET /cut HTTP/1.1\r\nHost: h\r\n\r\n");
  head_from(client);
  EXPECT_EQ(read(client, pieces.size() + 5), pieces) << "it closes";
  client = peer();
  write(client, "GET /whole HTTP/1.0\r\n\r\n");
  EXPECT_EQ(head_from(client).find("Transfer-Encoding"), std::string::npos);
  EXPECT_EQ(read(client, 100), "first\nsecond\n");
}

TEST_F(HttpServerTest, HeadHasTheFieldsOfGetAndNoBody) {
  serve(echo);
  const auto client = peer();
  write(client, "HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_NE(head_from(client).find("Content-Length: 3\r\n"), std::string::npos);
  EXPECT_TRUE(answer_to(client, "GET /x HTTP/1.1\r\nHost: h\r\n\r\n").ends_with("\r\n\r\n/x "));
}

TEST_F(HttpServerTest, WhatIsNoRequestIsRefusedAndTheConnectionEnds) {
  serve(echo);
  const std::pair<std::string, std::string> cases[] = {
      {"nonsense\r\n\r\n", "400"},
      {"GET /x HTTP/1.1\r\n\r\n", "400"},
      {"GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
      {"GET /x HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "400"},
      {"GET /x HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "400"},
      {"GET /x HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", "400"},
      {"GET /x HTTP/1.1\r\nHost : h\r\n\r\n", "400"},
      {"GET /" + std::string(9000, 'x') + " HTTP/1.1\r\nHost: h\r\n\r\n", "414"},
      {"GET / HTTP/1.1\r\nHost: h\r\nA: " + std::string(20'000, 'x') + "\r\n\r\n", "431"}};
  for (const auto& [request, status] : cases) {
    const auto client = peer();
    const std::string answer = answer_to(client, request);
    EXPECT_EQ(answer.substr(9, 3), status) << request.substr(0, 80);
    EXPECT_TRUE(closed(client));
  }
}

TEST_F(HttpServerTest, AFieldThatHoldsALineBreakCannotBecomeTwo) {
  serve([](Exchange& exchange) -> Task<void> {
    Answer answer{.fields = {{"X-Name", "a\r\nSet-Cookie: b"}}};
    co_await exchange.answer(std::move(answer));
  });
  const std::string answer = answer_to(peer(), "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_NE(answer.find("X-Name: a  Set-Cookie: b\r\n"), std::string::npos) << answer;
}

TEST_F(HttpServerTest, WhatThrowsOrIsNotAnsweredIsA500) {
  serve([](Exchange& exchange) -> Task<void> {
    if (exchange.head().target == "/throws") throw std::runtime_error("x");
    co_return;
  });
  EXPECT_EQ(status_of(answer_to(peer(), "GET /throws HTTP/1.1\r\nHost: h\r\n\r\n")),
            "HTTP/1.1 500 Internal Server Error");
  EXPECT_EQ(status_of(answer_to(peer(), "GET / HTTP/1.1\r\nHost: h\r\n\r\n")),
            "HTTP/1.1 500 Internal Server Error");
}

TEST_F(HttpServerTest, MoreConnectionsThanMayBeAreTurnedAway) {
  ServerLimits limits;
  limits.connections_per_address_max = 2;
  serve(echo, limits);
  std::vector<std::shared_ptr<Socket>> clients{peer(), peer()};
  for (const auto& client : clients)
    EXPECT_TRUE(answer_to(client, "GET /x HTTP/1.1\r\nHost: h\r\n\r\n").ends_with("/x "));
  const auto third = peer();
  EXPECT_EQ(head_from(third).substr(9, 3), "503");
  EXPECT_EQ(http->stats().refused, 1u);
  clients.clear();
  until([&] { return http->stats().connections == 0; });
  EXPECT_TRUE(answer_to(peer(), "GET /x HTTP/1.1\r\nHost: h\r\n\r\n").ends_with("/x "));
}

TEST_F(HttpServerTest, WhoSendsHalfAHeadOrNothingIsClosed) {
  ServerLimits limits;
  limits.head_max = limits.idle_max = 50ms;
  serve(echo, limits);
  const auto half = peer(), silent = peer();
  write(half, "GET /x HT");
  EXPECT_TRUE(closed(half));
  EXPECT_TRUE(closed(silent));
}

TEST_F(HttpServerTest, ABodyThatStandsStillIsA408) {
  ServerLimits limits;
  limits.body_stalled_max = 50ms;
  serve(
      [](Exchange& exchange) -> Task<void> {
        const auto body = co_await exchange.body(1000);
        EXPECT_EQ(body.error(), boost::system::errc::timed_out);
      },
      limits);
  const auto client = peer();
  EXPECT_EQ(answer_to(client, "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nab").substr(9, 3),
            "408");
}

TEST_F(HttpServerTest, WhoDoesNotTakeItsAnswerIsClosedAndWhoAnswersLearnsIt) {
  ServerLimits limits;
  limits.send_stalled_max = 100ms;
  std::optional<error_code> sent;
  serve(
      [&](Exchange& exchange) -> Task<void> {
        Answer answer{.body = std::string(50'000'000, 'x')};
        sent = co_await exchange.answer(std::move(answer));
      },
      limits);
  const auto client = peer();
  write(client, "GET /x HTTP/1.1\r\nHost: h\r\n\r\n");
  until([&] { return sent.has_value(); });
  EXPECT_TRUE(*sent);
  until([&] { return http->stats().connections == 0; });
  EXPECT_EQ(http->stats().unsent_bytes, 0u);
}

TEST_F(HttpServerTest, WhoAnswersSeesThatItsClientHasLeft) {
  bool is_gone = false, asks = false;
  serve([&](Exchange& exchange) -> Task<void> {
    EXPECT_FALSE(exchange.is_gone());
    asks = true;
    Timer pause(loop.get_executor());
    while (!exchange.is_gone()) {
      pause.expires_after(1ms);
      co_await pause.async_wait(use_result);
    }
    is_gone = true;
  });
  auto client = peer();
  write(client, "GET /x HTTP/1.1\r\nHost: h\r\n\r\n");
  until([&] { return asks; });
  client->close();
  until([&] { return is_gone; });
}

}  // namespace
}  // namespace mq::net::http
