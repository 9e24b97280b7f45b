// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/etcd_wire.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace mq::core {
namespace {

using Kind = Guard::Kind;

// "/mq/a" is L21xL2E=, "/mq/b" L21xL2I=; "/mq/" to "/mq0" is everything.
const EtcdRequests requests("/mq/");

std::string commit(const MetadataChange& change, LeaseId lease = 0,
                   std::map<std::string, EntryVersion> held = {}) {
  return boost::json::serialize(requests.commit(change, lease, held));
}

TEST(EtcdWireTest, GuardsAreCompares) {
  MetadataChange change;
  change.guards = {{Kind::unchanged, "a", 5}, {Kind::absent, "b"}};
  change.puts = {{"a", "2"}};
  change.erases = {"b"};
  EXPECT_EQ(
      commit(change),
      R"({"compare":[{"key":"L21xL2E=","target":"MOD","result":"EQUAL","mod_revision":"5"},)"
      R"({"key":"L21xL2I=","target":"CREATE","result":"EQUAL","create_revision":"0"}],)"
      R"("success":[{"request_put":{"key":"L21xL2E=","value":"Mg=="}},{"request_delete_range":{"key":"L21xL2I="}}],)"
      R"("failure":[{"request_range":{"key":"L21xL2E="}},{"request_range":{"key":"L21xL2I="}}]})");
}

TEST(EtcdWireTest, WhatIsHeldIsComparedByItsLeaseAndPutWithIt) {
  MetadataChange change;
  change.guards = {{Kind::held_by_me, "a"}};
  change.puts = {{"a", "2"}};
  EXPECT_EQ(commit(change, 77),
            R"({"compare":[{"key":"L21xL2E=","target":"LEASE","result":"EQUAL","lease":"77"}],)"
            R"("success":[{"request_put":{"key":"L21xL2E=","value":"Mg==","ignore_lease":true}}],)"
            R"("failure":[{"request_range":{"key":"L21xL2E="}}]})");
  EXPECT_NE(commit(change).find(R"("lease":"-1")"), std::string::npos) << "without a session nothing is held";
}

TEST(EtcdWireTest, APutWithoutAGuardAsksWhoseTheKeyIs) {
  MetadataChange change;
  change.puts = {{"a", "2"}, {"b", "2"}};
  EXPECT_EQ(commit(change, 77, {{"a", 5}}),
            R"({"compare":[{"key":"L21xL2E=","target":"LEASE","result":"EQUAL","lease":"77"},)"
            R"({"key":"L21xL2I=","target":"LEASE","result":"EQUAL","lease":"0"}],)"
            R"("success":[{"request_put":{"key":"L21xL2E=","value":"Mg==","ignore_lease":true}},)"
            R"({"request_put":{"key":"L21xL2I=","value":"Mg=="}}],"failure":[]})");
}

TEST(EtcdWireTest, AWatchIsOfEverythingUnderThePrefix) {
  EXPECT_EQ(boost::json::serialize(requests.watch(9)),
            R"({"create_request":{"key":"L21xLw==","range_end":"L21xMA==","start_revision":"9"}})");
}

TEST(EtcdWireTest, FailuresAreToldByCodeAndWordsInBothTheirShapes) {
  const auto verdict = [](unsigned status, const char* body) { return parse_answer(status, body).verdict; };
  EXPECT_EQ(verdict(200, "{}"), EtcdVerdict::ok);
  EXPECT_EQ(verdict(400, R"({"error":"etcdserver: user name is empty","code":3})"),
            EtcdVerdict::token_wanted);
  EXPECT_EQ(verdict(401, R"({"error":"etcdserver: invalid auth token","code":16})"),
            EtcdVerdict::token_wanted);
  EXPECT_EQ(verdict(403, R"({"message":"etcdserver: permission denied","code":7})"), EtcdVerdict::refused);
  EXPECT_EQ(verdict(400, R"({"message":"etcdserver: duplicate key given in txn request","code":3})"),
            EtcdVerdict::refused);
  EXPECT_EQ(verdict(429, R"({"message":"etcdserver: mvcc: database space exceeded","code":8})"),
            EtcdVerdict::refused);
  EXPECT_EQ(verdict(429, R"({"message":"etcdserver: too many requests","code":8})"), EtcdVerdict::unknown);
  EXPECT_EQ(verdict(404, R"({"message":"etcdserver: requested lease not found","code":5})"),
            EtcdVerdict::no_lease);
  EXPECT_EQ(verdict(400, R"({"message":"etcdserver: mvcc: required revision has been compacted","code":11})"),
            EtcdVerdict::compacted);
  EXPECT_EQ(verdict(404, "404 page not found"), EtcdVerdict::no_gateway);
  EXPECT_EQ(verdict(500, R"({"message":"context deadline exceeded","code":2})"), EtcdVerdict::unknown);
  EXPECT_EQ(verdict(503, R"({"message":"etcdserver: leader changed","code":14})"), EtcdVerdict::unknown);
  EXPECT_EQ(verdict(504, R"({"message":"context deadline exceeded","code":4})"), EtcdVerdict::unknown);
  EXPECT_EQ(verdict(503, R"({"error":{"grpc_code":14,"http_code":503,"message":"etcdserver: no leader"}})"),
            EtcdVerdict::unknown);
}

TEST(EtcdWireTest, AWatchThatEndsSaysWhy) {
  const auto kind = [](const char* message) { return parse_events(message, requests).kind; };
  EXPECT_EQ(kind(R"({"result":{"header":{},"created":true}})"), EtcdEvents::Kind::events);
  EXPECT_EQ(kind(R"({"result":{"canceled":true,"compact_revision":"12"}})"), EtcdEvents::Kind::compacted);
  EXPECT_EQ(kind(R"({"result":{"created":true,"canceled":true,"cancel_reason":"permission denied"}})"),
            EtcdEvents::Kind::unallowed);
  EXPECT_EQ(kind(R"({"error":{"grpc_code":14,"message":"etcdserver: no leader"}})"), EtcdEvents::Kind::again);
  EXPECT_EQ(kind("{"), EtcdEvents::Kind::again);
}

TEST(EtcdWireTest, NumbersMayBeTextOrNumbers) {
  const auto body = boost::json::parse(R"({"a":"7","b":8,"c":"x","d":[]})").as_object();
  EXPECT_EQ(number_of(body, "a"), 7);
  EXPECT_EQ(number_of(body, "b"), 8);
  for (const char* none : {"c", "d", "e"}) EXPECT_EQ(number_of(body, none), 0);
}

}  // namespace
}  // namespace mq::core
