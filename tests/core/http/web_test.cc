// SPDX-License-Identifier: Apache-2.0
// Conversations with a whole broker over HTTP.
#include "core/http/web.h"

#include <boost/json.hpp>

#include "core/error.h"
#include "core/http/routes.h"
#include "net/http/target.h"
#include "tests/support/test_broker.h"

namespace mq::http {
namespace {

namespace json = boost::json;
using net::asio::ip::tcp;

struct Answered {
  unsigned status = 0;
  std::string head, body;

  json::value json() const { return json::parse(body); }
  std::string field(const std::string& name) const {
    const std::size_t at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return {};
    const std::size_t begin = at + name.size() + 4;
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }
};

class WebTest : public testing::Test {
 protected:
  void start(std::function<void(core::Config&)> adjust = {}) {
    broker.reset();
    broker.emplace(dir.path(), [&](core::Config& config) {
      config.http.at = core::Address{"127.0.0.1", 0};
      config.origins["http.listen"] = "test";
      if (adjust) adjust(config);
    });
  }
  void SetUp() override { start(); }

  // One connection, one request; chunks are put together.
  Answered ask(const std::string& method, const std::string& target, const std::string& body = {},
               const std::vector<std::string>& fields = {}) {
    std::string text = method + " " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n";
    for (const std::string& field : fields) text += field + "\r\n";
    if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    text += "\r\n" + body;
    tcp::socket socket(io);
    socket.connect(*broker->ready().http);
    net::asio::write(socket, net::asio::buffer(text));
    std::string all;
    net::error_code end;
    net::asio::read(socket, net::asio::dynamic_buffer(all), end);
    Answered answer;
    const std::size_t split = all.find("\r\n\r\n");
    if (split == std::string::npos) return answer;
    answer.head = all.substr(0, split + 2), answer.body = all.substr(split + 4);
    answer.status = static_cast<unsigned>(std::stoul(all.substr(9, 3)));
    if (answer.field("Transfer-Encoding") == "chunked") answer.body = joined(answer.body);
    return answer;
  }
  Answered get(const std::string& target, const std::vector<std::string>& fields = {}) {
    return ask("GET", target, {}, fields);
  }
  Answered post(const std::string& target, const std::string& body,
                const std::string& type = "application/json") {
    return ask("POST", target, body, {"Content-Type: " + type});
  }

  static std::string joined(std::string_view chunks) {
    std::string all;
    for (;;) {
      const std::size_t line = chunks.find("\r\n");
      if (line == chunks.npos) return all + "(cut short)";
      const std::size_t size = std::stoul(std::string(chunks.substr(0, line)), nullptr, 16);
      if (size == 0) return all;
      all += chunks.substr(line + 2, size);
      chunks.remove_prefix(line + 2 + size + 2);
    }
  }

  tcp::socket watch_tail() {
    const std::string request = "GET /api/v1/topics/t/tail HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    tcp::socket socket(io);
    socket.connect(*broker->ready().http);
    net::asio::write(socket, net::asio::buffer(request));
    return socket;
  }

  test::TempDir dir;
  std::optional<test::TestBroker> broker;
  net::asio::io_context io;
};

TEST_F(WebTest, OneLineOfCurlWritesARecordAndAnotherReadsIt) {
  const Answered written =
      ask("POST", "/api/v1/topics/test/records", "hello",
          {"Content-Type: application/x-www-form-urlencoded", "X-Mq-Key: k", "X-Mq-Header-a: b"});
  ASSERT_EQ(written.status, 200u) << written.body;
  EXPECT_EQ(written.json().at("topic"), "test");
  EXPECT_EQ(written.json().at("offset"), 0);
  const Answered read = get("/api/v1/topics/test/records");
  ASSERT_EQ(read.status, 200u) << read.body;
  const json::value page = read.json();
  EXPECT_EQ(page.at("complete"), true);
  const json::object& record = page.at("items").at(0).get_object();
  EXPECT_EQ(record.at("key"), "k");
  EXPECT_EQ(record.at("value"), "hello");
  EXPECT_EQ(page.at("next").at("0"), 1);
}

TEST_F(WebTest, WhatIsReadCanBeWrittenAgainDigitForDigit) {
  const std::string value = R"({"id":9223372036854775807,"x":1.0,"y":1e400,"a":1,"a":2})";
  ASSERT_EQ(post("/api/v1/topics/t/records", value, "text/plain").status, 200u);
  const std::string lines = get("/api/v1/topics/t/records", {"Accept: application/x-ndjson"}).body;
  const Answered again = post("/api/v1/topics/u/records", lines, "application/x-ndjson");
  ASSERT_EQ(again.status, 200u) << again.body;
  EXPECT_EQ(again.json().at("records"), 1);
  EXPECT_EQ(get("/api/v1/topics/u/records/0/0/value").body, value);
  const std::string embedded = "{\"value\":" + value + "}";
  ASSERT_EQ(post("/api/v1/topics/u/records", embedded).status, 200u);
  EXPECT_EQ(get("/api/v1/topics/u/records/0/1/value").body, value);
}

TEST_F(WebTest, RecordsAreFoundByWhatTheyAreLike) {
  for (int i = 0; i < 20; i++)
    post("/api/v1/topics/t/records",
         R"({"key":"k)" + std::to_string(i) + R"(","value":{"n":)" + std::to_string(i) + "}}");
  const auto found = [&](const std::string& query) {
    const json::value page = get("/api/v1/topics/t/records?from=start&" + query).json();
    EXPECT_EQ(page.at("scanned"), 20) << query;
    std::string keys;
    for (const json::value& item : page.at("items").get_array())
      keys += std::string(item.at("key").get_string()) + " ";
    return keys;
  };
  EXPECT_EQ(found("where=" + net::http::percent_encoded(".n > 17")), "k18 k19 ");
  EXPECT_EQ(found("grep=" + net::http::percent_encoded("\"n\":1[01]}")), "k10 k11 ");
  EXPECT_EQ(found("key=k3"), "k3 ");
  const Answered wrong = get("/api/v1/topics/t/records?where=" + net::http::percent_encoded(".n >"));
  EXPECT_EQ(wrong.status, 400u) << wrong.body;
}

TEST_F(WebTest, ARawValueIsNeverAPage) {
  post("/api/v1/topics/t/records", "<script>alert(1)</script>", "text/html");
  const Answered value = get("/api/v1/topics/t/records/0/0/value");
  EXPECT_EQ(value.field("Content-Type"), "application/octet-stream");
  EXPECT_TRUE(value.field("Content-Disposition").starts_with("attachment"));
  EXPECT_EQ(value.field("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(value.field("Content-Security-Policy"), "sandbox");
}

TEST_F(WebTest, LinesAreWrittenAsTheyComeAndWhatIsWrongWithSomeIsSaid) {
  std::string lines;
  for (int i = 0; i < 20'000; i++) lines += "{\"key\":\"k" + std::to_string(i) + "\",\"value\":\"v\"}\n";
  const Answered all = post("/api/v1/topics/t/records", lines, "application/x-ndjson");
  EXPECT_EQ(all.status, 200u);
  EXPECT_EQ(all.json().at("records"), 20'000);
  const Answered some =
      post("/api/v1/topics/t/records", "{\"value\":\"a\"}\n{\"valeu\":\"b\"}\n\n{\"value\":\"c\"}",
           "application/x-ndjson");
  EXPECT_EQ(some.status, 400u);
  EXPECT_EQ(some.json().at("records"), 2);
  EXPECT_EQ(some.json().at("failed"), 1);
  EXPECT_EQ(some.json().at("first_error").at("line"), 2);
  const Answered receipts = post("/api/v1/topics/t/records?receipts=stream",
                                 "{\"value\":\"a\"}\n{\"value\":\"b\"}\n", "application/x-ndjson");
  EXPECT_EQ(std::ranges::count(receipts.body, '\n'), 3) << receipts.body;
  std::size_t read = 0;
  const std::string everything = get("/api/v1/topics/t/records", {"Accept: application/x-ndjson"}).body;
  for (const char c : everything) read += c == '\n';
  EXPECT_EQ(read, 20'004u);
}

TEST_F(WebTest, TopicsAreCreatedListedAlteredAndDeleted) {
  const Answered trial = post("/api/v1/topics?dry_run=true", R"({"topic":"orders","partitions":3})");
  EXPECT_EQ(trial.status, 200u) << trial.body;
  EXPECT_EQ(get("/api/v1/topics/orders").status, 404u);
  const Answered made =
      post("/api/v1/topics", R"({"topic":"orders","partitions":3,"config":{"retention.ms":"1d"}})");
  ASSERT_EQ(made.status, 201u) << made.body;
  EXPECT_EQ(made.field("Location"), "/api/v1/topics/orders");
  EXPECT_EQ(post("/api/v1/topics", R"({"topic":"orders"})").status, 409u);
  const json::value listed = get("/api/v1/topics").json();
  EXPECT_EQ(listed.at("total"), 1);
  EXPECT_EQ(listed.at("items").at(0).at("partitions"), 3);
  const Answered altered = ask("PATCH", "/api/v1/topics/orders/config", R"({"retention.ms":"2d"})",
                               {"Content-Type: application/json"});
  ASSERT_EQ(altered.status, 200u) << altered.body;
  EXPECT_EQ(altered.json().at(0).at("before"), "86400000");
  EXPECT_EQ(altered.json().at(0).at("after"), "172800000");
  EXPECT_EQ(ask("DELETE", "/api/v1/topics/orders?dry_run=true").status, 200u);
  EXPECT_EQ(ask("DELETE", "/api/v1/topics/orders").status, 200u);
  EXPECT_EQ(ask("DELETE", "/api/v1/topics/orders").status, 404u);
}

TEST_F(WebTest, ListsAreSortedAndPagedAndNothingIsSkipped) {
  for (const char* topic : {"c", "a", "b", "logs-1", "logs-2"})
    post("/api/v1/topics", std::string(R"({"topic":")") + topic + "\"}");
  post("/api/v1/topics/b/records", "x", "text/plain");
  std::vector<std::string> names;
  for (std::string cursor; names.size() < 10;) {
    const json::value page =
        get("/api/v1/topics?limit=2&sort=-offsets&cursor=" + net::http::percent_encoded(cursor)).json();
    EXPECT_EQ(page.at("total"), 5);
    for (const json::value& item : page.at("items").get_array())
      names.emplace_back(item.at("topic").get_string());
    if (page.at("next").is_null()) break;
    cursor = std::string(page.at("next").get_string());
  }
  EXPECT_EQ(names, (std::vector<std::string>{"b", "a", "c", "logs-1", "logs-2"}));
  const json::value some = get("/api/v1/topics?filter=logs-*&fields=topic").json();
  EXPECT_EQ(json::serialize(some.at("items")), R"([{"topic":"logs-1"},{"topic":"logs-2"}])");
}

TEST_F(WebTest, TheNewestRecordsAreThoseOfAllPartitionsTogether) {
  ASSERT_EQ(post("/api/v1/topics", R"({"topic":"t","partitions":3})").status, 201u);
  std::string lines;
  for (int i = 0; i < 30; i++)
    lines += "{\"value\":\"" + std::to_string(i) + "\",\"ts\":" + std::to_string(1'000 + i) + "}\n";
  for (const char* partition : {"0", "1", "2"}) {
    const std::string to = std::string("/api/v1/topics/t/records?partition=") + partition;
    ASSERT_EQ(post(to, lines, "application/x-ndjson").status, 200u);
  }
  const json::value page = get("/api/v1/topics/t/records?from=-6").json();
  EXPECT_EQ(page.at("complete"), true);
  std::string values;
  for (const json::value& item : page.at("items").get_array())
    values += std::string(item.at("value").get_string()) + " ";
  EXPECT_EQ(values, "28 28 28 29 29 29 ");
}

TEST_F(WebTest, APageGoesOnWhereTheOneBeforeEnded) {
  ASSERT_EQ(post("/api/v1/topics", R"({"topic":"t","partitions":2})").status, 201u);
  for (const char* partition : {"0", "1"})
    for (int i = 0; i < 5; i++)
      post(std::string("/api/v1/topics/t/records?partition=") + partition, "x", "text/plain");
  const json::value first = get("/api/v1/topics/t/records?from=start&limit=7").json();
  EXPECT_EQ(first.at("stopped"), "limit");
  std::string after;
  for (const auto& [partition, offset] : first.at("next").get_object())
    after += (after.empty() ? "" : ",") + std::string(partition) + ":" + json::serialize(offset);
  const json::value second = get("/api/v1/topics/t/records?limit=7&after=" + after).json();
  EXPECT_EQ(second.at("items").get_array().size(), 3u);
  EXPECT_EQ(second.at("complete"), true);
  EXPECT_EQ(second.at("next"), json::parse(R"({"0":5,"1":5})"));
  for (const char* wrong : {"x", "0", "0:", "0:-1", ":1", "0:1:2"})
    EXPECT_EQ(get(std::string("/api/v1/topics/t/records?after=") + wrong).status, 400u) << wrong;
}

TEST_F(WebTest, OfABurstTheNewestAreShownAndTheRestIsCounted) {
  ASSERT_EQ(post("/api/v1/topics", R"({"topic":"t","partitions":3})").status, 201u);
  std::string lines;
  for (int i = 0; i < 1000; i++) lines += "{\"key\":\"" + std::to_string(i) + "\",\"value\":\"v\"}\n";
  ASSERT_EQ(post("/api/v1/topics/t/records", lines, "application/x-ndjson").status, 200u);
  const json::value page = get("/api/v1/topics/t/records?after=0:0,1:0,2:0&newest&limit=10").json();
  EXPECT_EQ(page.at("items").get_array().size(), 10u);
  EXPECT_EQ(page.at("skipped"), 990);
  EXPECT_EQ(page.at("complete"), true);
  const json::value few = get("/api/v1/topics/t/records?from=start&partition=0&newest&limit=1000").json();
  EXPECT_EQ(few.at("skipped"), 0);
}

TEST_F(WebTest, ListsAreFilteredByNameAlsoWhereThatIsANumberAndShowTheFieldsAskedFor) {
  EXPECT_EQ(get("/api/v1/brokers?filter=1").json().at("total"), 1);
  EXPECT_EQ(get("/api/v1/brokers?filter=2").json().at("total"), 0);
  ASSERT_EQ(post("/api/v1/topics", R"({"topic":"t"})").status, 201u);
  const json::value list =
      get("/api/v1/topics?filter=t&fields=topic,partitions,replication_factor,state").json();
  EXPECT_EQ(list.at("items").at(0).get_object().size(), 4u);
  EXPECT_EQ(list.at("items").at(0).at("topic"), "t");
}

TEST_F(WebTest, ThePageIsServedUnderAPolicyThatTurnsTextIntoNothingElse) {
  const Answered page = get("/", {"Accept-Encoding: deflate, gzip;q=0"});
  ASSERT_EQ(page.status, 200u);
  EXPECT_EQ(page.field("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(page.field("Cache-Control"), "no-cache");
  for (const char* part :
       {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "trusted-types 'none'"})
    EXPECT_NE(page.field("Content-Security-Policy").find(part), std::string::npos) << part;
  EXPECT_EQ(page.field("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(page.field("Referrer-Policy"), "no-referrer");
  EXPECT_EQ(page.field("Cross-Origin-Opener-Policy"), "same-origin");
  EXPECT_EQ(page.field("Cross-Origin-Resource-Policy"), "same-origin");
  const Answered again = get("/", {"If-None-Match: " + page.field("ETag")});
  EXPECT_EQ(again.status, 304u);
  EXPECT_EQ(again.body, "");
  EXPECT_EQ(get("/", {"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"}).status, 200u);
  EXPECT_EQ(get("/api/v1/topics", {"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"}).status, 403u);
}

TEST_F(WebTest, ThePagesFilesStayForAYearAndArePackedForWhoTakesThat) {
  const std::string page = get("/").body;
  const std::size_t at = page.find("assets/");
  const std::string path = "/" + page.substr(at, page.find('/', at + 7) + 1 - at) + "main.js";
  const Answered plain = get(path), packed = get(path, {"Accept-Encoding: br, gzip"});
  ASSERT_EQ(plain.status, 200u) << path;
  EXPECT_EQ(plain.field("Cache-Control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(plain.field("Content-Encoding"), "");
  EXPECT_EQ(packed.field("Content-Encoding"), "gzip");
  EXPECT_EQ(packed.field("Vary"), "Accept-Encoding");
  EXPECT_LT(packed.body.size(), plain.body.size());
  EXPECT_EQ(get("/assets/0123456789abcdef/main.js").status, 404u);
}

TEST_F(WebTest, WhatIsWrongIsSaidAsAProblem) {
  const std::pair<std::string, unsigned> cases[] = {{"/api/v1/topics/none", 404},
                                                    {"/api/v1/topics/none/records", 404},
                                                    {"/api/v1/groups/none", 404},
                                                    {"/api/v1/brokers/7", 404},
                                                    {"/api/v1/brokers/x", 400},
                                                    {"/api/v1/topics?limit=0", 400},
                                                    {"/api/v1/topics?limt=1", 400},
                                                    {"/api/v1/topics?cursor=x", 400},
                                                    {"/api/v1/topics?filter=/(/", 400},
                                                    {"/api/v1/topics/a*b", 404},
                                                    {"/nothing", 404},
                                                    {"/..%2f..%2fetc/passwd", 404},
                                                    {"/%zz", 400}};
  for (const auto& [target, status] : cases) {
    const Answered answer = get(target);
    EXPECT_EQ(answer.status, status) << target << " " << answer.body;
    EXPECT_EQ(answer.field("Content-Type"), "application/problem+json") << target;
    EXPECT_EQ(answer.json().at("status"), status) << target;
    EXPECT_FALSE(answer.json().at("detail").get_string().empty());
  }
  EXPECT_EQ(ask("PUT", "/api/v1/topics").status, 405u);
  EXPECT_EQ(ask("PUT", "/api/v1/topics").field("Allow"), "GET, HEAD, POST");
  EXPECT_EQ(post("/api/v1/topics", "{").status, 400u);
  EXPECT_EQ(post("/api/v1/topics", R"({"topic":"a","partitons":1})").status, 400u);
  EXPECT_EQ(post("/api/v1/topics", R"({"topic":"a b"})").status, 400u);
}

TEST_F(WebTest, ProbesAnswer) {
  EXPECT_EQ(get("/livez").body, "ok\n");
  EXPECT_EQ(get("/readyz?verbose").body, "ok\n[+] loop ok\n[+] ready ok\n");
  EXPECT_EQ(get("/readyz/caught-up").status, 200u);
  EXPECT_EQ(get("/healthz").body, "HEALTHY\n");
  EXPECT_EQ(get("/livez", {"Accept: application/json"}).json().at("ok"), true);
}

// The value of a series; -1: there is none.
std::int64_t sample(const std::string& metrics, const std::string& series) {
  const std::size_t at = metrics.find("\n" + series + " ");
  return at == std::string::npos ? -1 : std::stoll(metrics.substr(at + series.size() + 2));
}

TEST_F(WebTest, MetricsCountWhatWentInAndOutAndTopicsTogetherAreTheBroker) {
  for (int i = 0; i < 3; i++) post("/api/v1/topics/a/records", "12345", "text/plain");
  post("/api/v1/topics/b/records", "1", "text/plain");
  get("/api/v1/topics/a/records?from=start");
  const Answered answer = get("/metrics");
  EXPECT_EQ(answer.field("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  const std::string first = "\n" + answer.body;
  EXPECT_EQ(sample(first, "mq_broker_records_in_total"), 4);
  EXPECT_EQ(sample(first, R"(mq_records_in_total{topic="a"})"), 3);
  EXPECT_EQ(sample(first, R"(mq_records_in_total{topic="b"})"), 1);
  EXPECT_EQ(sample(first, R"(mq_records_in_total{topic="_other"})"), 0);
  EXPECT_EQ(sample(first, R"(mq_records_out_total{topic="a"})"), 3);
  EXPECT_EQ(sample(first, R"(mq_requests_total{api="Produce"})"), 4);
  EXPECT_EQ(sample(first, R"(mq_request_duration_seconds_count{api="Produce"})"), 4);
  get("/api/v1/topics/none");
  EXPECT_GT(sample("\n" + get("/metrics").body,
                   R"(mq_request_errors_total{api="Metadata",error="UNKNOWN_TOPIC_OR_PARTITION"})"),
            0);
  ask("DELETE", "/api/v1/topics/a");
  post("/api/v1/topics", R"({"topic":"a"})");
  const std::string after = "\n" + get("/metrics").body;
  EXPECT_EQ(sample(after, "mq_broker_records_in_total"), 4) << "what was counted stays counted";
  EXPECT_EQ(sample(after, R"(mq_records_in_total{topic="a"})"), 0) << "another topic";
  EXPECT_EQ(sample(after, R"(mq_records_in_total{topic="_other"})"), 0) << "a rate would take it for traffic";
}

TEST_F(WebTest, TenTimesAsManyTopicsAreNotTenTimesAsManySeries) {
  for (int i = 0; i < 1000; i++) post("/api/v1/topics", R"({"topic":"t)" + std::to_string(i) + "\"}");
  post("/api/v1/topics/t7/records", "x", "text/plain");
  const std::string metrics = get("/metrics").body;
  EXPECT_LT(std::ranges::count(metrics, '\n'), 5000);
  EXPECT_EQ(sample("\n" + metrics, "mq_broker_records_in_total"), 1);
}

TEST_F(WebTest, ABrokerThatStandsStillIsNotReadyAndLivesForAWhile) {
  std::promise<void> go_on;
  net::asio::post(broker->loop(), [held = go_on.get_future().share()] { held.wait(); });
  EXPECT_EQ(get("/readyz").status, 503u);
  EXPECT_EQ(get("/readyz/caught-up").status, 503u);
  EXPECT_EQ(get("/livez").status, 200u) << "10 s are not over";
  go_on.set_value();
  EXPECT_EQ(get("/readyz").status, 200u);
}

TEST_F(WebTest, WithReadOnlyEveryRouteThatChangesSomethingIsRefused) {
  start([](core::Config& config) { config.http_read_only = core::HttpReadOnly::yes; });
  int refused = 0;
  for (const Route& route : routes()) {
    if (route.right != Route::Right::change) continue;
    EXPECT_EQ(ask(std::string(route.method), std::string(route.path)).status, 403u) << route.path;
    refused++;
  }
  EXPECT_GT(refused, 4);
  EXPECT_EQ(post("/api/v1/topics/t/records", "x", "text/plain").status, 403u);
  EXPECT_EQ(get("/api/v1/topics").json().at("total"), 0);
  EXPECT_EQ(get("/api/v1/version").json().at("read_only"), true);
}

TEST_F(WebTest, ATailShowsWhatIsWrittenWhileItIsWatched) {
  post("/api/v1/topics/t/records", "before", "text/plain");
  tcp::socket socket = watch_tail();
  std::string seen;
  const auto read_until = [&](const std::string& what) {
    while (seen.find(what) == std::string::npos)
      net::asio::read(socket, net::asio::dynamic_buffer(seen), net::asio::transfer_at_least(1));
  };
  read_until(": mq");
  post("/api/v1/topics/t/records", "after", "text/plain");
  read_until("\"after\"");
  EXPECT_EQ(seen.find("before"), std::string::npos);
  EXPECT_NE(seen.find("data: {"), std::string::npos);
}

TEST_F(WebTest, ABrokerStopsWhileSomebodyWatches) {
  post("/api/v1/topics/t/records", "x", "text/plain");
  tcp::socket socket = watch_tail();
  std::string seen;
  net::asio::read(socket, net::asio::dynamic_buffer(seen), net::asio::transfer_at_least(1));
  broker->stop();
  net::error_code end;
  net::asio::read(socket, net::asio::dynamic_buffer(seen), end);
  EXPECT_TRUE(end);
}

TEST_F(WebTest, OffLoopbackItDoesNotStartUnlessThatIsMeant) {
  const auto everywhere = [](core::HttpAuth auth) {
    return [auth](core::Config& config) {
      config.http.at = core::Address{"0.0.0.0", 0};
      config.http_auth = auth;
    };
  };
  EXPECT_THROW(start(everywhere(core::HttpAuth::automatic)), core::WrongStart);
  start(everywhere(core::HttpAuth::none));
  EXPECT_EQ(broker->ready().http->address().to_string(), "0.0.0.0");
}

}  // namespace
}  // namespace mq::http
