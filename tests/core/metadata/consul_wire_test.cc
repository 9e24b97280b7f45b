// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/consul_wire.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>

namespace mq::core {
namespace {

using testing::ElementsAre;
using Kind = Guard::Kind;

const ConsulRequests consul_requests("mq/orders/");

// "cas mq/orders/topics/a", …
std::vector<std::string> operations_of(const boost::json::array& operations) {
  std::vector<std::string> all;
  for (const boost::json::value& operation : operations) {
    const boost::json::object& kv = operation.at("KV").as_object();
    std::string text(kv.at("Verb").as_string());
    text += " " + std::string(kv.at("Key").as_string());
    if (kv.contains("Index")) text += " " + std::to_string(kv.at("Index").as_int64());
    if (kv.contains("Session")) text += " " + std::string(kv.at("Session").as_string());
    all.push_back(std::move(text));
  }
  return all;
}

std::vector<std::string> operations_of(const MetadataChange& change, const std::set<std::string>& held = {},
                                       const std::map<std::string, EntryVersion>& found = {}) {
  return operations_of(consul_requests.commit(change, "me", held, found));
}

std::string in_consul(const std::string& key) {
  return std::string(consul_requests.read({key})[0].at("KV").at("Key").as_string());
}

TEST(ConsulWire, KeysGoIntoTheirAreasAndComeBackWhateverBytesTheyHave) {
  EXPECT_EQ(in_consul("topics/a.b"), "mq/orders/topics/a.b");
  EXPECT_EQ(in_consul("live/1"), "mq/orders/cluster/live/1");
  EXPECT_THAT(in_consul("p/id/7"), testing::MatchesRegex("mq/orders/p/[0-9a-f]/id/7"));
  std::string bytes;
  for (int byte = 0; byte < 256; byte++) bytes += static_cast<char>(byte);
  for (const std::string prefix : {"", "topics/", "config/group/", "p/"}) {
    const std::string key = prefix + bytes + "//../?#%41";
    EXPECT_EQ(consul_requests.key_of(in_consul(key)), key);
  }
  for (const char* other :
       {"mq/other/topics/a", "mq/orders/else/a", "mq/orders/topics/%4", "mq/orders/topics/%zz"})
    EXPECT_EQ(consul_requests.key_of(other), std::nullopt) << other;
}

TEST(ConsulWire, ACommitGuardsAndWritesAtOnceWhereItCan) {
  MetadataChange change;
  change.guards = {
      {Kind::held_by_me, "controller"}, {Kind::unchanged, "topics/a", 7}, {Kind::absent, "topics/b"}};
  change.puts = {{"topics/a", "1"}, {"topics/b", "1"}};
  EXPECT_THAT(operations_of(change), ElementsAre("check-session mq/orders/cluster/controller me",
                                                 "cas mq/orders/topics/a 7", "cas mq/orders/topics/b 0"));
  change.puts.clear();
  change.erases = {"topics/a"};
  EXPECT_THAT(operations_of(change),
              ElementsAre("check-session mq/orders/cluster/controller me", "check-index mq/orders/topics/a 7",
                          "check-not-exists mq/orders/topics/b", "delete mq/orders/topics/a"));
}

TEST(ConsulWire, APutWithoutAGuardIsOfWhatIsHeldHereOrAsItWasFound) {
  MetadataChange change;
  change.puts = {{"live/1", "1"}, {"reg/1", "1"}};
  EXPECT_THAT(operations_of(change, {"live/1"}, {{"reg/1", 3}}),
              ElementsAre("check-session mq/orders/cluster/live/1 me", "set mq/orders/cluster/live/1",
                          "cas mq/orders/cluster/reg/1 3"));
}

TEST(ConsulWire, TheLargestCommitFitsIntoATransaction) {
  MetadataChange change;
  change.guards = {{Kind::held_by_me, "controller"}, {Kind::unchanged, "live/1", 1}};
  for (std::size_t i = 0; i < MetadataChange::entries_max; i++) {
    const std::string key = "p/id/" + std::to_string(i);
    change.guards.push_back({Kind::unchanged, key, 1});
    change.puts[key] = "1";
  }
  EXPECT_LE(operations_of(change).size(), 64u);
}

TEST(ConsulWire, AnswersAreTakenForWhatTheySay) {
  const auto verdict = [](unsigned status, const char* body) {
    return parse_consul_answer(status, body).verdict;
  };
  EXPECT_EQ(verdict(200, "true"), ConsulVerdict::ok);
  EXPECT_EQ(verdict(200, "<html>"), ConsulVerdict::unknown);
  EXPECT_EQ(verdict(404, ""), ConsulVerdict::nothing);
  EXPECT_EQ(verdict(403, "ACL not found"), ConsulVerdict::refused);
  EXPECT_EQ(verdict(500, "rpc error making call: Permission denied"), ConsulVerdict::refused);
  EXPECT_EQ(verdict(500, "No cluster leader"), ConsulVerdict::unknown);
  EXPECT_EQ(verdict(500, "leadership lost while committing log"), ConsulVerdict::unknown)
      << "it may be made yet";
  EXPECT_EQ(verdict(429, "too many consul_requests"), ConsulVerdict::unknown);
  EXPECT_EQ(verdict(502, "bad gateway"), ConsulVerdict::unknown);
  EXPECT_EQ(verdict(400, "Missing session"), ConsulVerdict::refused);
  EXPECT_EQ(verdict(413, "Request body too large"), ConsulVerdict::refused);
  EXPECT_EQ(verdict(409, R"({"Errors":[{"OpIndex":1,"What":"index is stale"}]})"), ConsulVerdict::conflict);
  EXPECT_EQ(verdict(409, R"({"Errors":[{"OpIndex":1,"What":"Permission denied"}]})"), ConsulVerdict::refused);
  EXPECT_EQ(verdict(409, R"({"Errors":[{"OpIndex":0,"What":"invalid session \"x\""}]})"),
            ConsulVerdict::no_session);
  EXPECT_EQ(verdict(409, "{}"), ConsulVerdict::unknown) << "some proxy's";
}

TEST(ConsulWire, WhatIsNoEntryIsLeftOut) {
  const auto list = boost::json::parse(
      R"([1,{"Key":7},{"Key":"mq/orders/topics/a","Value":"****"},{"Key":"mq/orders/topics/b","Value":null,"ModifyIndex":9}])");
  const ConsulEntries entries = entries_of(list, consul_requests);
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries.at("topics/b").entry, (MetadataEntry{"", 9}));
  EXPECT_TRUE(entries_of(boost::json::parse("{}"), consul_requests).empty());
}

}  // namespace
}  // namespace mq::core
