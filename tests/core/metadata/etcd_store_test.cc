// SPDX-License-Identifier: Apache-2.0
// What the store over etcd does beside what every one promises (store_test.cc), and when etcd is not as it
// should be: on real ones.
#include "core/metadata/etcd_store.h"

#include <boost/asio/thread_pool.hpp>
#include <boost/json.hpp>

#include "core/base64.h"
#include "core/metadata/etcd_error.h"
#include "tests/core/metadata/etcd_case.h"
#include "tests/core/metadata/store_follower.h"
#include "tests/support/virtual_clock.h"

namespace mq::core {
namespace {

using namespace std::chrono_literals;
using Outcome = Committed::Outcome;
using Kind = Guard::Kind;
using Session = MetadataStore::Session;

std::string base64(const std::string& bytes) {
  std::string text;
  append_base64(text, bytes);
  return text;
}

MetadataChange one_put(std::string key, std::string value, std::vector<Guard> guards = {}) {
  MetadataChange change;
  change.guards = std::move(guards);
  change.puts[std::move(key)] = std::move(value);
  return change;
}

class EtcdStoreTest : public EtcdTest {
 protected:
  void open() override { store = &connect(shared_etcd()); }

  std::vector<Session>& heard_of(EtcdStore& from) {
    auto heard = std::make_shared<std::vector<Session>>();
    from.on_session([heard](Session session) { heard->push_back(session); });
    return *kept_.emplace_back(heard);
  }
  std::string lease_of(const std::string& key) {
    const std::string answer =
        shared_etcd().call("/v3/kv/range", R"({"key":")" + base64(prefix + key) + R"("})");
    const auto body = boost::json::parse(answer).as_object();
    return std::string(text_of(array_of(body, "kvs").at(0).as_object(), "lease"));
  }
  void revoke(const std::string& lease) {
    shared_etcd().call("/v3/lease/revoke", R"({"ID":")" + lease + R"("})");
  }

  EtcdStore* store = nullptr;

 private:
  std::vector<std::shared_ptr<std::vector<Session>>> kept_;
};

TEST_F(EtcdStoreTest, ALongListComesInPagesOfOneRevision) {
  EtcdOptions options;
  options.endpoints = shared_etcd().endpoints();
  options.page_entries = 7;
  asio::thread_pool workers{1};
  options.workers = workers.get_executor();
  EtcdStore& paging = connect(options);
  for (int i = 0; i < 5; i++) {
    MetadataChange change;
    for (int j = 0; j < 10; j++) change.puts["k" + std::to_string(10 * i + j)] = std::string(1000, 'x');
    EXPECT_EQ(wait(paging.commit(change)).outcome, Outcome::done);
  }
  const auto all = wait(paging.load());
  EXPECT_EQ(all->entries.size(), 50u);
  EXPECT_TRUE(all->whole);
  EXPECT_EQ(all->entries.at("k49")->value.size(), 1000u);
}

TEST_F(EtcdStoreTest, TwoStoresCompeteForAKeyAndOneHoldsIt) {
  EtcdStore& other = connect(shared_etcd());
  const auto token = *wait(store->hold("controller", "1"));
  ASSERT_TRUE(token);
  EXPECT_FALSE(*wait(other.hold("controller", "2")));
  EXPECT_EQ(wait(other.commit(one_put("a", "2", {{Kind::held_by_me, "controller"}}))).outcome,
            Outcome::conflict);
  EXPECT_EQ(wait(other.commit(one_put("controller", "2"))).outcome, Outcome::conflict)
      << "a put would take it from its session";
  EXPECT_FALSE(wait(other.evict("controller")));
  const auto next = *wait(other.hold("controller", "2"));
  ASSERT_TRUE(next);
  EXPECT_GT(*next, *token);
  EXPECT_EQ(wait(store->commit(one_put("a", "1", {{Kind::held_by_me, "controller"}}))).outcome,
            Outcome::conflict)
      << "the first one does not know yet, etcd does";
}

TEST_F(EtcdStoreTest, WhatLivesWithNoSessionIsSwept) {
  EtcdStore& other = connect(shared_etcd());
  EXPECT_EQ(wait(store->commit(one_put("live/1", "copied"))).outcome, Outcome::done);
  EXPECT_FALSE(wait(other.sweep("live/1")));
  EXPECT_FALSE(entry(*store, "live/1"));
  ASSERT_TRUE(*wait(store->hold("live/1", "lives")));
  EXPECT_FALSE(wait(other.sweep("live/1")));
  EXPECT_EQ(entry(*store, "live/1")->value, "lives");
}

TEST_F(EtcdStoreTest, AHeldEntryThatIsPutIsStillGoneWithItsSession) {
  ASSERT_TRUE(*wait(store->hold("live/1", "starts")));
  EXPECT_EQ(wait(store->commit(one_put("live/1", "runs"))).outcome, Outcome::done);
  const std::string lease = lease_of("live/1");
  EXPECT_FALSE(lease.empty());
  revoke(lease);
  EXPECT_FALSE(entry(*store, "live/1"));
  EXPECT_EQ(wait(store->commit(one_put("live/1", "runs"))).outcome, Outcome::conflict)
      << "it would stay for ever, and nobody's";
}

TEST_F(EtcdStoreTest, ASessionThatWasRevokedIsLostOnceAndHoldBeginsAnother) {
  const std::vector<Session>& heard = heard_of(*store);
  StoreFollower follower(loop, *store, wait(store->load())->revision);
  const auto token = *wait(store->hold("live/1", "1"));
  ASSERT_TRUE(*wait(store->hold("controller", "1")));
  until([&] { return follower.size() == 2; });
  revoke(lease_of("live/1"));
  until([&] { return !heard.empty() && follower.size() == 0; });
  EXPECT_EQ(store->session(), Session::lost);

  const auto next = *wait(store->hold("live/1", "1"));
  ASSERT_TRUE(next);
  EXPECT_GT(*next, *token);
  EXPECT_EQ(heard, (std::vector{Session::lost, Session::alive}));
}

TEST_F(EtcdStoreTest, AnEraseOfOnesOwnIsNotTheEndOfTheSession) {
  const std::vector<Session>& heard = heard_of(*store);
  StoreFollower follower(loop, *store, wait(store->load())->revision);
  ASSERT_TRUE(*wait(store->hold("controller", "1")));
  ASSERT_TRUE(*wait(store->hold("live/1", "1")));
  MetadataChange resign;
  resign.guards = {{Kind::held_by_me, "controller"}};
  resign.erases = {"controller"};
  EXPECT_EQ(wait(store->commit(resign)).outcome, Outcome::done);
  until([&] { return follower.size() == 1; });
  put(*store, "a", "1");
  until([&] { return follower.value("a").has_value(); });
  EXPECT_TRUE(heard.empty());
  EXPECT_TRUE(*wait(store->hold("controller", "1")));
}

// As when the answer to the first one was lost.
TEST_F(EtcdStoreTest, WhatIsOursWithoutOurKnowingIsHeldWhenItIsAskedForAgain) {
  ASSERT_TRUE(*wait(store->hold("live/1", "1")));
  const std::string lease = lease_of("live/1");
  shared_etcd().call("/v3/kv/put", R"({"key":")" + base64(prefix + "controller") +
                                       R"(","value":"MQ==","lease":")" + lease + R"("})");
  const auto token = *wait(store->hold("controller", "now"));
  ASSERT_TRUE(token);
  EXPECT_EQ(entry(*store, "controller"), (MetadataEntry{"now", *token}));
  EXPECT_EQ(lease_of("controller"), lease);
}

TEST_F(EtcdStoreTest, WhatIsTooLargeIsRefusedWithASentence) {
  const Committed committed = put(*store, "a", std::string(2 << 20, 'x'));
  EXPECT_EQ(committed.outcome, Outcome::refused);
  EXPECT_NE(committed.why.find("too large"), std::string::npos) << committed.why;
}

TEST_F(EtcdStoreTest, AnEtcdThatWillDoIsToldWithItsClusterAndItsVersion) {
  const StoreCheck check = wait(store->check());
  EXPECT_EQ(check.refusal, "");
  EXPECT_FALSE(check.version.empty());
  EXPECT_FALSE(check.cluster_id.empty());
  EXPECT_EQ(check.cluster_id, store->cluster_id());
  EXPECT_TRUE(wait(store->load())->entries.empty()) << "looking changes nothing";
}

// ---- with an etcd of its own ----

class EtcdFaultTest : public EtcdTest {
 protected:
  EtcdStore& start(std::size_t members = 1) {
    test::EtcdServer::Options options;
    options.members = members;
    server.emplace(options);
    return connect(*server);
  }
  std::string compact_now(EtcdStore& store) {
    const Revision revision = wait(store.load())->revision;
    return server->call("/v3/kv/compaction",
                        R"({"revision":")" + std::to_string(revision) + R"(","physical":true})");
  }
  // Until it is done: etcd may be between two leaders, and an answer be lost.
  void put_surely(EtcdStore& store, const std::string& key, const std::string& value) {
    for (int tries = 0; tries < 20; tries++)
      if (put(store, key, value).outcome == Outcome::done) return;
    FAIL() << "no write in 20 tries";
  }

  std::optional<test::EtcdServer> server;
};

TEST_F(EtcdFaultTest, AWatchGoesOnWhereItWasWhenTheMemberIsKilledAndStartedAgain) {
  EtcdStore& store = start();
  StoreFollower follower(loop, store, wait(store.load())->revision);
  put(store, "counter", "1");
  until([&] { return follower.value("counter") == "1"; });
  server->kill();
  const Committed nobody_there = put(store, "counter", "2");
  EXPECT_EQ(nobody_there.outcome, Outcome::unknown);
  EXPECT_NE(nobody_there.why.find(server->endpoint()), std::string::npos) << nobody_there.why;
  server->start();
  put_surely(store, "counter", "3");
  put_surely(store, "counter", "4");
  until([&] { return follower.value("counter") == "4"; });
  EXPECT_EQ(follower.lists(), 0) << "nothing was lost, so nothing was listed";
}

TEST_F(EtcdFaultTest, WhatWasCompactedAwayIsListed) {
  EtcdStore& store = start();
  const Revision first = wait(store.load())->revision;
  put(store, "a", "1");
  MetadataChange erase;
  erase.erases = {"a"};
  wait(store.commit(erase));
  put(store, "b", "1");
  compact_now(store);
  const MetadataUpdate update = *wait(store.watch(first));
  EXPECT_TRUE(update.whole);
  EXPECT_EQ(update.entries.size(), 1u);
  EXPECT_EQ(update.entries.at("b")->value, "1");
  put(store, "c", "1");
  EXPECT_EQ(wait(store.watch(update.revision))->entries.at("c")->value, "1");
}

TEST_F(EtcdFaultTest, ACompactionThatAWatchHasPassedIsNotNoticed) {
  EtcdStore& store = start();
  StoreFollower follower(loop, store, wait(store.load())->revision);
  for (int i = 0; i < 10; i++) put(store, "counter", std::to_string(i));
  until([&] { return follower.value("counter") == "9"; });
  compact_now(store);
  put(store, "counter", "10");
  until([&] { return follower.value("counter") == "10"; });
  EXPECT_EQ(follower.lists(), 0);
}

TEST_F(EtcdFaultTest, AFullEtcdRefusesAndSaysWhatToDo) {
  test::EtcdServer::Options options;
  options.flags = {"--quota-backend-bytes=100000"};
  server.emplace(options);
  EtcdStore& store = connect(*server);
  Committed last{Outcome::done};
  for (int i = 0; i < 20 && last.outcome != Outcome::refused; i++)
    last = put(store, "k" + std::to_string(i), std::string(50'000, 'x'));
  EXPECT_EQ(last.outcome, Outcome::refused);
  EXPECT_NE(last.why.find("NOSPACE"), std::string::npos) << last.why;
  until([&] { return wait(store.check()).refusal.find("NOSPACE") != std::string::npos; });
}

TEST_F(EtcdFaultTest, EventsOfThousandsOfEntriesComeAndGo) {
  EtcdStore& store = start();
  const Revision first = wait(store.load())->revision;
  StoreFollower follower(loop, store, first);
  for (int i = 0; i < 20; i++) {
    MetadataChange change;
    for (int j = 0; j < 60; j++) change.puts["p/" + std::to_string(60 * i + j)] = std::string(2000, 'p');
    EXPECT_EQ(wait(store.commit(change)).outcome, Outcome::done);
  }
  until([&] { return follower.size() == 1200; });
  EtcdStore& late = connect(*server);  // has all of it in a few messages
  StoreFollower catching_up(loop, late, first);
  until([&] { return catching_up.size() == 1200; });
  EXPECT_EQ(catching_up.lists(), 0);
}

TEST_F(EtcdFaultTest, NothingIsLostWhenTheLeaderOfThreeIsStopped) {
  EtcdStore& store = start(3);
  StoreFollower follower(loop, store, wait(store.load())->revision);
  put_surely(store, "counter", "0");
  for (std::size_t member = 0; member < server->size(); member++) {  // whoever leads, once it is that one
    server->kill(member);
    put_surely(store, "counter", "after " + std::to_string(member));
    until([&] { return follower.value("counter") == "after " + std::to_string(member); });
    server->start(member);
  }
  EXPECT_EQ(entry(store, "counter")->value, "after 2");
  EXPECT_EQ(follower.values_of_counter().back(), "after 2");
  EXPECT_EQ(follower.lists(), 0);
}

TEST_F(EtcdFaultTest, AFrozenMemberIsLeftByCallsAndByTheWatch) {
  test::EtcdServer::Options three;
  three.members = 3;
  server.emplace(three);
  EtcdOptions options;
  options.endpoints = server->endpoints();
  options.answer_within = 1000ms;
  EtcdStore& store = connect(options);
  StoreFollower follower(loop, store, wait(store.load())->revision);
  for (std::size_t member = 0; member < server->size(); member++) {  // one of them is it
    server->freeze(member);
    const std::string key = "without " + std::to_string(member);
    put_surely(store, key, "1");  // what it was asked before it froze, it may yet do: a key each
    until([&] { return follower.value(key).has_value(); });
    server->thaw(member);
  }
  EXPECT_EQ(follower.lists(), 0);
}

TEST_F(EtcdFaultTest, UsersAreLetInAndComeBackWithANewToken) {
  EtcdStore& open = start();
  put(open, "a", "1");
  server->call("/v3/auth/user/add", R"({"name":"root","password":"secret"})");
  server->call("/v3/auth/role/add", R"({"name":"root"})");
  server->call("/v3/auth/user/grant", R"({"user":"root","role":"root"})");
  server->call("/v3/auth/user/add", R"({"name":"mq","password":"pw"})");
  server->call("/v3/auth/role/add", R"({"name":"mq"})");
  const std::string permission = R"({"name":"mq","perm":{"permType":"READWRITE","key":")" + base64(prefix) +
                                 R"(","range_end":")" + base64(prefix.substr(0, prefix.size() - 1) + "0") +
                                 R"("}})";
  server->call("/v3/auth/role/grant", permission);
  server->call("/v3/auth/user/grant", R"({"user":"mq","role":"mq"})");
  ASSERT_EQ(server->call("/v3/auth/enable", "{}").find("error"), std::string::npos);

  const Committed nobody = put(open, "a", "2");
  EXPECT_EQ(nobody.outcome, Outcome::refused);
  EXPECT_NE(nobody.why.find("asks for a user"), std::string::npos) << nobody.why;
  EXPECT_NE(wait(open.check()).refusal.find("asks for a user"), std::string::npos);

  EtcdOptions options;
  options.endpoints = server->endpoints();
  options.user = "mq";
  options.password = "wrong";
  const StoreCheck wrong = wait(connect(options).check());
  EXPECT_NE(wrong.refusal.find("does not let user mq in"), std::string::npos) << wrong.refusal;

  options.password = "pw";
  EtcdStore& user = connect(options);
  EXPECT_EQ(wait(user.check()).refusal, "");
  StoreFollower follower(loop, user, wait(user.load())->revision);
  EXPECT_EQ(put(user, "a", "3").outcome, Outcome::done);
  until([&] { return follower.value("a") == "3"; });
  server->kill();
  server->start();  // it has forgotten all tokens
  put_surely(user, "a", "4");
  until([&] { return follower.value("a") == "4"; });

  options.prefix = "/elsewhere/";
  const StoreCheck elsewhere = wait(connect(options).check());
  EXPECT_NE(elsewhere.refusal.find("permission denied"), std::string::npos) << elsewhere.refusal;
}

// ---- on time of the test's ----

class EtcdSessionTest : public EtcdTest {
 protected:
  const Clock& clock() const override { return time; }
  void TearDown() override {
    EtcdTest::TearDown();
    time.forget(loop);
    drain(loop);
  }

  // Lets time pass, and the loop do what there is to do in between, until it is so.
  template <class Done>
  bool pass(Time::duration most, Done done) {
    const Time end = time.now() + most;
    while (!done()) {
      loop.restart();
      loop.run_for(100ms);  // for the network, which has a time of its own
      if (done()) break;
      if (!time.advance(end) && time.now() >= end) return done();
    }
    return true;
  }

  test::VirtualClock time;
};

TEST_F(EtcdSessionTest, AFrozenEtcdMakesTheSessionSuspectAndAnAnswerAliveAgain) {
  test::EtcdServer server;
  EtcdStore& store = connect(server);
  std::vector<Session> heard;
  store.on_session([&](Session session) { heard.push_back(session); });
  ASSERT_TRUE(*wait(store.hold("live/1", "1")));
  const Time begun = time.now();
  server.freeze();
  EXPECT_TRUE(pass(30s, [&] { return !heard.empty(); }));
  EXPECT_EQ(heard, std::vector{Session::suspect});
  EXPECT_EQ(store.session(), Session::suspect);
  EXPECT_EQ(time.now() - begun, 9s);
  server.thaw();
  EXPECT_TRUE(pass(60s, [&] { return heard.size() > 1; }));
  EXPECT_EQ(heard, (std::vector{Session::suspect, Session::alive})) << "real time has hardly passed";
  EXPECT_TRUE(entry(store, "live/1"));
}

// Nobody lets time pass for the holder, so it renews nothing; etcd's own time does.
TEST_F(EtcdSessionTest, ASessionThatEtcdEndedIsLost) {
  EtcdOptions options;
  options.endpoints = shared_etcd().endpoints();
  options.session_ttl = 2s;
  EtcdStore& store = connect(options);
  EtcdStore& other = connect(shared_etcd());
  std::vector<Session> heard;
  store.on_session([&](Session session) { heard.push_back(session); });
  ASSERT_TRUE(*wait(store.hold("live/1", "1")));
  EXPECT_FALSE(wait(other.watch(wait(other.load())->revision))->entries.at("live/1"));
  EXPECT_EQ(store.session(), Session::alive) << "as far as it knows";
  EXPECT_TRUE(pass(2s, [&] { return !heard.empty(); }));
  EXPECT_EQ(heard, std::vector{Session::lost});
  EXPECT_TRUE(*wait(store.hold("live/1", "again")));
}

TEST_F(EtcdSessionTest, ASessionIsRenewedThreeTimesWhileItLasts) {
  EtcdStore& store = connect(shared_etcd());
  std::vector<Session> heard;
  store.on_session([&](Session session) { heard.push_back(session); });
  ASSERT_TRUE(*wait(store.hold("live/1", "1")));
  EXPECT_FALSE(pass(60s, [&] { return !heard.empty(); })) << "nothing to be told";
  EXPECT_EQ(store.session(), Session::alive);
}

TEST_F(EtcdSessionTest, ARevokedSessionIsFoundOutByTheNextRenewal) {
  EtcdStore& store = connect(shared_etcd());
  EtcdStore& other = connect(shared_etcd());
  std::vector<Session> heard;
  store.on_session([&](Session session) { heard.push_back(session); });
  ASSERT_TRUE(*wait(store.hold("live/1", "1")));
  const Time begun = time.now();
  EXPECT_FALSE(wait(other.evict("live/1")));
  EXPECT_TRUE(pass(30s, [&] { return !heard.empty(); }));
  EXPECT_EQ(heard, std::vector{Session::lost});
  EXPECT_EQ(time.now() - begun, 3s);
  EXPECT_FALSE(pass(30s, [&] { return heard.size() > 1; })) << "lost is told once";
}

TEST_F(EtcdSessionTest, AllEntriesAreListedNowAndThen) {
  EtcdStore& store = connect(shared_etcd());
  put(store, "a", "1");
  StoreFollower follower(loop, store, wait(store.load())->revision);
  EXPECT_FALSE(pass(260s, [&] { return follower.lists() > 0; }));
  EXPECT_TRUE(pass(80s, [&] { return follower.lists() > 0; }));
  EXPECT_EQ(follower.value("a"), "1");
}

}  // namespace
}  // namespace mq::core
