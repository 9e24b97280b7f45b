// SPDX-License-Identifier: Apache-2.0
#include "core/http/guard.h"

#include <gtest/gtest.h>

namespace mq::http {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

unsigned status_of(const Fields& fields, const Guarded& wants = {},
                   const GuardRules& rules = {{"mq.example"}, false}) {
  net::http::RequestHead head;
  for (const auto& [name, value] : fields) head.fields.set(name, value);
  const auto refused = refusal(head, wants, rules);
  return refused ? refused->status : 200;
}

TEST(Guard, AsksByAddressOrAKnownName) {
  for (const char* host : {"127.0.0.1:8092", "127.0.0.1", "[::1]:8092", "10.1.2.3:80", "localhost:8092",
                           "LocalHost", "mq.example", "MQ.example:443", "[fe80::1]"})
    EXPECT_EQ(status_of({{"Host", host}}), 200u) << host;
  for (const char* host : {"evil.example", "evil.example:8092", "localhost.evil.example",
                           "127.0.0.1.evil.example", "mq", "[", "[::1"})
    EXPECT_EQ(status_of({{"Host", host}}), 421u) << host << ": DNS can be made to say that this is us";
}

TEST(Guard, AnotherSitesPageIsRefusedWhateverItAsks) {
  const Fields us{{"Host", "127.0.0.1:8092"}};
  const auto with = [&](std::string name, std::string value) {
    Fields fields = us;
    fields.emplace_back(std::move(name), std::move(value));
    return status_of(fields);
  };
  EXPECT_EQ(with("Origin", "http://127.0.0.1:8092"), 200u);
  EXPECT_EQ(with("Origin", "https://127.0.0.1:8092"), 200u) << "TLS may end at a proxy";
  for (const char* origin : {"http://evil.example", "http://127.0.0.1", "http://127.0.0.1:8093", "null", "",
                             "http://127.0.0.1:8092.evil.example"})
    EXPECT_EQ(with("Origin", origin), *origin ? 403u : 200u) << origin;
  for (const char* site : {"same-origin", "none"}) EXPECT_EQ(with("Sec-Fetch-Site", site), 200u);
  for (const char* site : {"cross-site", "same-site", "anything"})
    EXPECT_EQ(with("Sec-Fetch-Site", site), 403u);
}

TEST(Guard, AnotherSiteMayLinkToThePageAndToNothingElse) {
  const Guarded page{.is_page = true};
  const auto from_elsewhere = [](std::string mode) {
    return Fields{{"Host", "127.0.0.1:8092"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", mode}};
  };
  EXPECT_EQ(status_of(from_elsewhere("navigate"), page), 200u);
  EXPECT_EQ(status_of(from_elsewhere("navigate")), 403u);
  EXPECT_EQ(status_of(from_elsewhere("navigate"), {.changes = true}), 403u);
  for (const char* mode : {"cors", "no-cors", "same-origin", "websocket", ""})
    EXPECT_EQ(status_of(from_elsewhere(mode), page), 403u) << mode << ": it would be used by the other page";
}

TEST(Guard, BehindAProxyTheBrowserSaysThatItIsOurOwnPage) {
  EXPECT_EQ(
      status_of(
          {{"Host", "127.0.0.1:8092"}, {"Origin", "https://mq.company"}, {"Sec-Fetch-Site", "same-origin"}}),
      200u);
  EXPECT_EQ(status_of({{"Host", "127.0.0.1:8092"},
                       {"Origin", "http://127.0.0.1:8092"},
                       {"Sec-Fetch-Site", "cross-site"}}),
            403u);
}

TEST(Guard, WhatChangesSomethingTakesJsonAloneUnlessItIsRecords) {
  const Guarded changes{.changes = true}, records{.changes = true, .takes_any_type = true};
  const Fields form{{"Content-Type", "application/x-www-form-urlencoded"}, {"Content-Length", "3"}};
  const Fields json{{"Content-Type", "application/json; charset=utf-8"}, {"Content-Length", "3"}};
  EXPECT_EQ(status_of(form, changes), 415u);
  EXPECT_EQ(status_of({{"Content-Length", "3"}}, changes), 415u);
  EXPECT_EQ(status_of({{"Transfer-Encoding", "chunked"}}, changes), 415u);
  EXPECT_EQ(status_of(json, changes), 200u);
  EXPECT_EQ(status_of({}, changes), 200u) << "DELETE has no body";
  EXPECT_EQ(status_of({{"Content-Length", "0"}}, changes), 200u);
  EXPECT_EQ(status_of(form, records), 200u) << "curl -d";
  EXPECT_EQ(status_of(form), 200u) << "it changes nothing";
}

TEST(Guard, WithReadOnlyNothingIsChanged) {
  const GuardRules rules{{}, true};
  EXPECT_EQ(status_of({}, {}, rules), 200u);
  EXPECT_EQ(status_of({}, {.changes = true}, rules), 403u);
  EXPECT_EQ(status_of({}, {.changes = true, .takes_any_type = true}, rules), 403u);
}

}  // namespace
}  // namespace mq::http
