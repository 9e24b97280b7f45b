// SPDX-License-Identifier: Apache-2.0
#include "net/http/client.h"

#include "tests/net/support/sockets.h"

namespace mq::net::http {
namespace {

using namespace std::chrono_literals;

struct HttpClientTest : Sockets {
  HttpClientTest() : acceptor(loop.get_executor(), {asio::ip::address_v4::loopback(), 0}) {}

  // A server's end of it, whose bytes the test writes.
  std::shared_ptr<Socket> connected() {
    auto server_end = std::make_shared<Socket>(loop.get_executor());
    bool accepted = false;
    acceptor.async_accept(*server_end, [&](error_code) { accepted = true; });
    client =
        std::make_shared<Client>(Endpoint{false, "127.0.0.1", acceptor.local_endpoint().port()}, nullptr);
    EXPECT_FALSE(run(client->connect(10s)));
    until([&] { return accepted; });
    return server_end;
  }

  std::shared_ptr<std::optional<Result<Response>>> start(const std::string& body,
                                                         std::size_t body_bytes_max) {
    auto answer = std::make_shared<std::optional<Result<Response>>>();
    Request request{.target = "/v3/x", .headers = {{"A", "b"}}, .body = body};
    asio::co_spawn(
        loop, client->call(request, body_bytes_max),
        [client = client, answer](std::exception_ptr, Result<Response> got) { *answer = std::move(got); });
    return answer;
  }

  Acceptor acceptor;
  std::shared_ptr<Client> client;
};

TEST_F(HttpClientTest, AnAnswerMayComeByteByByteAndTheConnectionIsKept) {
  const auto server_end = connected();
  for (const std::string body : {"one", "two"}) {
    const auto answer = start(body, 1000);
    const std::string head =
        "POST /v3/x HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) +
        "\r\nA: b\r\nContent-Length: 3\r\n\r\n";
    EXPECT_EQ(read(server_end, head.size() + 3), head + body);
    const std::string said =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nT: v\r\n\r\n";
    for (const char byte : said) {
      EXPECT_FALSE(*answer);
      write(server_end, std::string(1, byte));
      loop.restart();
      loop.poll();
    }
    until([&] { return answer->has_value(); });
    EXPECT_EQ((*answer)->value().body, "abcde");
    EXPECT_EQ((*answer)->value().status, 200u);
    EXPECT_TRUE(client->usable());
  }
}

TEST_F(HttpClientTest, AStreamIsReadAsItComes) {
  const auto server_end = connected();
  write(server_end, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  EXPECT_EQ(run(client->stream(Request{})).value(), 200u);
  write(server_end, "3\r\nabc\r\n");
  EXPECT_EQ(run(client->next_piece()).value(), "abc");
  const std::string much(300'000, 'x');
  write(server_end, "493e0\r\n" + much + "\r\n");
  std::string all;
  while (all.size() < much.size()) {
    const std::string piece = run(client->next_piece()).value();
    EXPECT_LE(piece.size(), 64u << 10);
    all += piece;
  }
  EXPECT_EQ(all, much);
  write(server_end, "0\r\n\r\n");
  EXPECT_EQ(run(client->next_piece()).value(), "") << "the end";
}

TEST_F(HttpClientTest, ALargerBodyThanAllowedIsAnErrorAndClosesTheConnection) {
  for (const char* said : {"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n"}) {
    const auto server_end = connected();
    const auto answer = start("", 10);
    write(server_end, said);
    until([&] { return answer->has_value(); });
    EXPECT_EQ((*answer)->error().message(), "body limit exceeded");
    EXPECT_FALSE(client->usable());
  }
}

TEST_F(HttpClientTest, WhoClosesItEndsWhatIsInProgress) {
  const auto server_end = connected();
  const auto answer = start("", 10);
  read(server_end, 4);
  EXPECT_FALSE(*answer);
  client->close();
  until([&] { return answer->has_value(); });
  EXPECT_EQ((*answer)->error(), Errc::closed);
}

TEST_F(HttpClientTest, AServerThatCloses) {
  auto server_end = connected();
  write(server_end, "HTTP/1.1 200 OK\r\n\r\nall until the end");
  const auto answer = start("", 1000);
  read(server_end, 4);
  server_end->shutdown(tcp::socket::shutdown_send);
  until([&] { return answer->has_value(); });
  EXPECT_EQ((*answer)->value().body, "all until the end");
  EXPECT_FALSE(client->usable());

  server_end = connected();
  EXPECT_TRUE(client->usable());
  server_end->close();
  until([&] { return !client->usable(); });
}

TEST(HttpEndpointTest, EndpointsAreReadAsPeopleWriteThem) {
  EXPECT_EQ(parse_endpoint("http://a:2379"), (Endpoint{false, "a", 2379}));
  EXPECT_EQ(parse_endpoint("https://10.0.0.1:1/"), (Endpoint{true, "10.0.0.1", 1}));
  EXPECT_EQ(parse_endpoint("http://[::1]:2379"), (Endpoint{false, "::1", 2379}));
  EXPECT_EQ(to_string(*parse_endpoint("https://[::1]:2379")), "https://[::1]:2379");
  for (const char* text :
       {"a:2379", "http://a", "http://:1", "http://a:0", "http://a:65536", "http://a:1x", "ftp://a:1",
        "http://u@a:1", "http://a/b:1", "http://::1:2379", "http://a b:1", "http://", ""})
    EXPECT_FALSE(parse_endpoint(text)) << text;
}

}  // namespace
}  // namespace mq::net::http
