// SPDX-License-Identifier: Apache-2.0
// What the store over Consul does beside what every one promises (store_test.cc), and when Consul is not as
// it should be.
#include "core/metadata/consul_store.h"

#include <gmock/gmock.h>

#include "tests/core/metadata/consul_case.h"
#include "tests/core/metadata/store_follower.h"

namespace mq::core {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Outcome = Committed::Outcome;
using Kind = Guard::Kind;
using Session = MetadataStore::Session;

// ---- who holds what ----

TEST_F(FakeConsulTest, TwoStoresCompeteForAKeyAndOneHoldsIt) {
  ConsulStore& one = connect();
  ConsulStore& other = connect();
  const auto token = *wait(one.hold("controller", "1"));
  ASSERT_TRUE(token);
  EXPECT_FALSE(*wait(other.hold("controller", "2")));
  EXPECT_EQ(put(other, "a", "2", {{Kind::held_by_me, "controller"}}).outcome, Outcome::conflict);
  EXPECT_EQ(put(other, "controller", "2").outcome, Outcome::conflict) << "it is somebody else's";
  EXPECT_FALSE(wait(other.evict("controller")));
  const auto next = *wait(other.hold("controller", "2"));
  ASSERT_TRUE(next) << "there is no delay after a lock";
  EXPECT_GT(*next, *token);
  EXPECT_EQ(put(one, "a", "1", {{Kind::held_by_me, "controller"}}).outcome, Outcome::conflict)
      << "the first one does not know yet, Consul does";
}

TEST_F(FakeConsulTest, WhatLivesWithNoSessionIsSwept) {
  ConsulStore& store = connect();
  EXPECT_EQ(put(store, "live/1", "copied").outcome, Outcome::done);
  EXPECT_FALSE(wait(store.sweep("live/1")));
  EXPECT_FALSE(entry(store, "live/1"));
  ASSERT_TRUE(*wait(store.hold("live/1", "lives")));
  EXPECT_FALSE(wait(store.sweep("live/1")));
  EXPECT_EQ(entry(store, "live/1")->value, "lives");
}

TEST_F(FakeConsulTest, AHeldEntryThatIsPutIsStillGoneWithItsSession) {
  ConsulStore& store = connect();
  ASSERT_TRUE(*wait(store.hold("live/1", "starts")));
  EXPECT_EQ(put(store, "live/1", "runs").outcome, Outcome::done);
  EXPECT_EQ(entry(store, "live/1")->value, "runs");
  fake.end_sessions();
  EXPECT_FALSE(entry(store, "live/1"));
  EXPECT_EQ(put(store, "live/1", "runs").outcome, Outcome::conflict)
      << "it would stay for ever, and nobody's";
}

TEST_F(FakeConsulTest, ASessionThatEndedIsLostOnceAndHoldBeginsAnother) {
  ConsulStore& store = connect();
  auto& heard = heard_of(store);
  const auto token = *wait(store.hold("live/1", "1"));
  StoreFollower follower(loop, store, wait(store.load())->revision);
  put(store, "a", "1");
  until([&] { return follower.value("a") == "1"; });
  fake.end_sessions();
  until([&] { return !heard.empty(); });
  EXPECT_EQ(heard, std::vector{Session::lost}) << "what is watched tells before the next renewal does";
  const auto next = *wait(store.hold("live/1", "1"));
  EXPECT_GT(*next, *token);
  EXPECT_EQ(fake.sessions(), 1u);
}

TEST_F(FakeConsulTest, WhatIsErasedByItsHolderEndsNoSession) {
  ConsulStore& store = connect();
  auto& heard = heard_of(store);
  ASSERT_TRUE(*wait(store.hold("live/1", "1")));
  ASSERT_TRUE(*wait(store.hold("controller", "1")));
  StoreFollower follower(loop, store, wait(store.load())->revision);
  MetadataChange resign;
  resign.guards = {{Kind::held_by_me, "controller"}};
  resign.erases = {"controller"};
  EXPECT_EQ(wait(store.commit(resign)).outcome, Outcome::done);
  put(store, "a", "1");
  until([&] { return follower.value("a").has_value(); });
  EXPECT_TRUE(heard.empty());
  EXPECT_TRUE(*wait(store.hold("controller", "1")));
}

TEST_F(FakeConsulTest, WhatIsOursWithoutOurKnowingIsHeldWhenItIsAskedForAgain) {
  ConsulStore& store = connect();
  ASSERT_TRUE(*wait(store.hold("live/1", "1")));
  fake.faults().lost_answers = 1;
  EXPECT_EQ(wait(store.hold("controller", "before")).error(), ConsulErrc::unknown);
  const auto token = *wait(store.hold("controller", "now"));
  ASSERT_TRUE(token);
  EXPECT_EQ(entry(store, "controller"), (MetadataEntry{"now", *token}));
  EXPECT_EQ(fake.sessions(), 1u);
}

// ---- its session, and time ----

TEST_F(FakeConsulTest, ASilentConsulMakesTheSessionSuspectAndAnAnswerAliveAgain) {
  ConsulStore& store = connect();
  auto& heard = heard_of(store);
  ASSERT_TRUE(*wait(store.hold("live/1", "1")));
  const Time begun = time.now();
  fake.faults().silent = true;
  EXPECT_TRUE(pass(30s, [&] { return !heard.empty(); }));
  EXPECT_EQ(heard, std::vector{Session::suspect});
  EXPECT_EQ(store.session(), Session::suspect);
  EXPECT_EQ(time.now() - begun, 10s);
  fake.faults().silent = false;
  EXPECT_TRUE(pass(60s, [&] { return heard.size() > 1; }));
  EXPECT_EQ(heard, (std::vector{Session::suspect, Session::alive}));
}

TEST_F(FakeConsulTest, ASessionThatIsGoneIsFoundOutByTheNextRenewal) {
  ConsulStore& store = connect();
  auto& heard = heard_of(store);
  ASSERT_TRUE(*wait(store.hold("live/1", "1")));
  fake.end_sessions();
  const Time begun = time.now();
  EXPECT_TRUE(pass(30s, [&] { return !heard.empty(); }));
  EXPECT_EQ(heard, std::vector{Session::lost});
  EXPECT_LE(time.now() - begun, 4s);
  EXPECT_FALSE(pass(30s, [&] { return heard.size() > 1; })) << "lost is told once";
}

// ---- what was not answered ----

TEST_F(FakeConsulTest, ACommitWhoseAnswerIsLostIsUnknownAndNotSentTwice) {
  ConsulStore& store = connect();
  put(store, "a", "0");
  const EntryVersion version = entry(store, "a")->version;
  fake.faults().lost_answers = 1;
  const int before = fake.asked("PUT /v1/txn");
  const Committed lost = put(store, "a", "1", {{Kind::unchanged, "a", version}});
  EXPECT_EQ(lost.outcome, Outcome::unknown);
  EXPECT_THAT(lost.why, HasSubstr(fake.endpoint()));
  EXPECT_EQ(fake.asked("PUT /v1/txn"), before + 1);
  EXPECT_EQ(entry(store, "a")->value, "1") << "it was made";
}

TEST_F(FakeConsulTest, WithoutALeaderNothingIsKnown) {
  ConsulStore& store = connect();
  fake.faults().no_leader = true;
  const StoreCheck check = wait(store.check());
  EXPECT_FALSE(check.answered) << "it may pass";
  EXPECT_THAT(check.refusal, HasSubstr("has no leader"));
  const Committed committed = put(store, "a", "1");
  EXPECT_EQ(committed.outcome, Outcome::unknown);
  EXPECT_EQ(wait(store.load()).error(), ConsulErrc::unknown);
  EXPECT_EQ(wait(store.hold("a", "1")).error(), ConsulErrc::unknown);
  EXPECT_EQ(wait(store.evict("a")), ConsulErrc::unknown);
  fake.faults().no_leader = false;
  EXPECT_EQ(wait(store.check()).refusal, "");
}

TEST_F(FakeConsulTest, AnAgentThatCannotBeReachedIsLeftForAnother) {
  test::FakeConsul gone(loop);
  const std::string nowhere = gone.endpoint();
  gone.stop();
  ConsulStore& store = connect(std::vector{nowhere, fake.endpoint()});
  EXPECT_EQ(put(store, "a", "1").outcome, Outcome::done);
  StoreFollower follower(loop, store, wait(store.load())->revision);
  put(store, "a", "2");
  until([&] { return follower.value("a") == "2"; });
  const StoreCheck check = wait(store.check());
  EXPECT_EQ(check.refusal, "");
  EXPECT_EQ(check.warnings.size(), 1u);
}

// ---- what is watched ----

TEST_F(FakeConsulTest, AWatchGoesOnWhenIndicesFallBack) {
  ConsulStore& store = connect();
  StoreFollower follower(loop, store, wait(store.load())->revision);
  put(store, "a", "1");
  put(store, "b", "1");
  MetadataChange erase;
  erase.erases = {"b"};
  wait(store.commit(erase));
  until([&] { return follower.value("a") && !follower.value("b"); });
  fake.forget_tombstones();
  fake.time_out();
  put(store, "c", "1");
  until([&] { return follower.value("c") == "1"; });
  EXPECT_EQ(follower.lists(), 0);
}

TEST_F(FakeConsulTest, AnOlderStateThatIsPutBackIsTold) {
  ConsulStore& store = connect();
  StoreFollower follower(loop, store, wait(store.load())->revision);
  put(store, "a", "old");
  fake.save();
  put(store, "a", "new");
  put(store, "b", "1");
  until([&] { return follower.value("a") == "new" && follower.value("b"); });
  fake.restore();
  until([&] {
    fake.time_out();  // who asked for what comes behind an index that is yet to come hears nothing before
    return follower.value("a") == "old" && !follower.value("b");
  });
  put(store, "a", "again");
  until([&] { return follower.value("a") == "again"; });
}

// A broker notes what it has seen, and knows by it a Consul that was put back.
TEST_F(FakeConsulTest, RevisionsOfALaterRunAreGreaterUnlessAnOlderStateIsPutBack) {
  ConsulStore& store = connect();
  fake.save();
  Revision last = wait(store.load())->revision;
  for (int i = 0; i < 5; i++) {
    MetadataChange erase;
    erase.erases = {"a"};
    put(store, "a", "1");
    last = watch_until(loop, store, last, wait(store.commit(erase)).revision).revision;
  }
  fake.forget_tombstones();
  EXPECT_GT(wait(connect().load())->revision, last);
  fake.restore();
  EXPECT_LT(wait(connect().load())->revision, last);
  EXPECT_LT(wait(store.load())->revision, last);
}

TEST_F(FakeConsulTest, WhoEvictsHearsOfItEvenIfConsulWakesNobody) {
  fake.faults().quiet_sessions = true;
  ConsulStore& holder = connect();
  ConsulStore& store = connect();
  ASSERT_TRUE(*wait(holder.hold("live/1", "1")));
  StoreFollower follower(loop, store, wait(store.load())->revision);
  put(store, "a", "1");
  until([&] { return follower.value("a").has_value(); });
  EXPECT_FALSE(wait(store.evict("live/1")));
  const Revision later = put(store, "a", "2").revision;
  EXPECT_GT(later, 0);
  until([&] { return follower.erased() > 0; });
}

TEST_F(FakeConsulTest, EntriesOfAllAreasAreOneStore) {
  ConsulStore& store = connect();
  const Revision first = wait(store.load())->revision;
  MetadataChange change;
  for (int i = 0; i < 40; i++) change.puts["p/topic/" + std::to_string(i)] = std::to_string(i);
  for (const char* key : {"topics/a", "config/topic/a", "live/1", "meta/cluster"}) change.puts[key] = "1";
  const Committed done = wait(store.commit(change));
  ASSERT_EQ(done.outcome, Outcome::done);
  const MetadataUpdate update = watch_until(loop, store, first, done.revision);
  EXPECT_FALSE(update.whole);
  EXPECT_EQ(update.entries.size(), change.puts.size()) << "all of a commit are there at its revision";
  EXPECT_EQ(wait(store.load())->entries.size(), change.puts.size());

  MetadataChange erase;
  for (const auto& [key, value] : change.puts) erase.erases.push_back(key);
  erase.erases.push_back("p/nothing/1");
  const Revision gone = wait(store.commit(erase)).revision;
  const MetadataUpdate last = watch_until(loop, store, done.revision, gone);
  for (const auto& [key, value] : change.puts) EXPECT_EQ(last.entries.at(key), std::nullopt) << key;
}

TEST_F(FakeConsulTest, AnEntryThatIsPutAsItWasKeepsItsVersion) {
  ConsulStore& store = connect();
  const Revision first = put(store, "a", "1").revision;
  const auto before = entry(store, "a");
  const Committed again = put(store, "a", "1");
  EXPECT_EQ(again.outcome, Outcome::done);
  EXPECT_EQ(entry(store, "a"), before);
  EXPECT_GE(watch_until(loop, store, first, again.revision).revision, again.revision);
}

// ---- whether it will do ----

TEST_F(FakeConsulTest, AConsulThatWillDoIsToldWithItsVersion) {
  ConsulStore& store = connect();
  const StoreCheck check = wait(store.check());
  EXPECT_EQ(check.refusal, "");
  EXPECT_EQ(check.version, "1.14.11");
  EXPECT_EQ(check.cluster_id, "dc1");
  EXPECT_TRUE(fake.keys().empty()) << "looking changes nothing";
  EXPECT_EQ(fake.sessions(), 0u);
}

TEST_F(FakeConsulTest, WhatIsNotConsulIsSaidToBeNot) {
  fake.faults().is_web_page = true;
  ConsulStore& store = connect();
  EXPECT_THAT(wait(store.check()).refusal, HasSubstr("is not Consul"));
  EXPECT_EQ(put(store, "a", "1").outcome, Outcome::unknown);
}

TEST_F(FakeConsulTest, ATokenIsAskedForAndRefusedInSentences) {
  fake.faults().token = "secret";
  ConsulStore& nobody = connect();
  EXPECT_THAT(wait(nobody.check()).refusal, HasSubstr("without a token (cluster.consul_token_file)"));
  EXPECT_EQ(put(nobody, "a", "1").outcome, Outcome::refused);

  ConsulOptions options;
  options.endpoints = {fake.endpoint()};
  options.token = "wrong";
  const StoreCheck wrong = wait(connect(options).check());
  EXPECT_THAT(wrong.refusal, HasSubstr("ACL not found"));
  EXPECT_EQ(wrong.refusal.find(options.token + ":"), std::string::npos) << "the token itself is told nobody";

  options.token = "secret";
  ConsulStore& let_in = connect(options);
  EXPECT_EQ(wait(let_in.check()).refusal, "");
  EXPECT_EQ(put(let_in, "a", "1").outcome, Outcome::done);
  fake.faults().refuses_writes = true;
  EXPECT_THAT(wait(let_in.check()).refusal, HasSubstr("cannot be read and written with the token"));
  EXPECT_EQ(put(let_in, "a", "2").outcome, Outcome::refused);
}

// Consul leaves out what a token may not read, and says nothing but in a header.
TEST_F(FakeConsulTest, AListThatLacksWhatMayNotBeReadIsNone) {
  ConsulStore& store = connect();
  put(store, "a", "1");
  fake.faults().filters = true;
  EXPECT_EQ(wait(store.load()).error(), ConsulErrc::refused);
  EXPECT_THAT(wait(store.check()).refusal, HasSubstr("cannot be read"));
}

TEST_F(FakeConsulTest, WhatIsTooLargeIsRefusedWithASentence) {
  ConsulStore& store = connect();
  const Committed committed = put(store, "a", std::string(1 << 20, 'x'));
  EXPECT_EQ(committed.outcome, Outcome::refused);
  EXPECT_THAT(committed.why, HasSubstr("too large"));
}

TEST(ConsulCheckTest, OldVersionsAreRefused) {
  for (const char* version : {"0.9.3", "1.6.10", "", "hello"}) EXPECT_NE(refusal_of_consul(version), "");
  for (const char* version : {"1.7.0", "1.14.11", "1.22.0+ent", "2.0.0"})
    EXPECT_EQ(refusal_of_consul(version), "");
}

// ---- real ones ----

TEST_F(RealConsulTest, OneThatWillDoIsToldAndNothingChanged) {
  ConsulStore& store = connect(shared_consul().endpoints());
  const StoreCheck check = wait(store.check());
  EXPECT_EQ(check.refusal, "");
  EXPECT_FALSE(check.version.empty());
  EXPECT_EQ(check.cluster_id, "dc1");
  EXPECT_TRUE(wait(store.load())->entries.empty());
}

TEST_F(RealConsulTest, ASessionThatSomebodyDestroysIsLostAtOnceAndItsEntryFree) {
  ConsulStore& store = connect(shared_consul().endpoints());
  ConsulStore& other = connect(shared_consul().endpoints());
  auto& heard = heard_of(store);
  const auto token = *wait(store.hold("live/1", "1"));
  StoreFollower follower(loop, store, wait(store.load())->revision);
  StoreFollower watching(loop, other, wait(other.load())->revision);
  put(store, "a", "1");
  until([&] { return follower.value("a") && watching.value("a"); });
  EXPECT_FALSE(wait(other.evict("live/1")));
  const auto next = *wait(other.hold("live/1", "2"));
  ASSERT_TRUE(next) << "no delay after a lock";
  EXPECT_GT(*next, *token);
  until([&] { return !heard.empty() && watching.value("live/1") == "2"; });
  EXPECT_EQ(heard, std::vector{Session::lost});
}

TEST_F(RealConsulTest, NothingIsLostWhenOneOfThreeIsKilled) {
  test::ConsulServer server(3);
  ConsulStore& store = connect(server.endpoints());
  const auto put_surely = [&](const std::string& value) {  // there may be no leader for some seconds
    until([&] { return put(store, "counter", value).outcome == Outcome::done; });
  };
  StoreFollower follower(loop, store, wait(store.load())->revision);
  put_surely("0");
  for (std::size_t member = 0; member < server.size(); member++) {  // whoever leads, once it is that one
    server.kill(member);
    put_surely("after " + std::to_string(member));
    until([&] { return follower.value("counter") == "after " + std::to_string(member); });
    server.start(member);
  }
  EXPECT_EQ(entry(store, "counter")->value, "after 2");
  EXPECT_EQ(follower.lists(), 0);
}

TEST_F(RealConsulTest, ATokenIsLetInWithRightsToItsEntriesAndSessions) {
  test::ConsulServer server(1, R"(acl { enabled = true default_policy = "deny" tokens {
      initial_management = "5e551000-0000-0000-0000-000000000001" } })");
  const std::string root = "5e551000-0000-0000-0000-000000000001";
  const std::string rules = "key_prefix \\\"" + prefix +
                            "\\\" { policy = \\\"write\\\" } session_prefix \\\"\\\" "
                            "{ policy = \\\"write\\\" }";
  const std::string token = "5e551000-0000-0000-0000-000000000002";
  until([&] {  // the first token is made after there is a leader
    return server.call("PUT", "/v1/acl/policy", R"({"Name":"mq","Rules":")" + rules + "\"}", 0, root)
               .find("\"ID\"") != std::string::npos;
  });
  server.call("PUT", "/v1/acl/token", R"({"SecretID":")" + token + R"(","Policies":[{"Name":"mq"}]})", 0,
              root);

  EXPECT_THAT(wait(connect(server.endpoints()).check()).refusal, HasSubstr("without a token"));
  ConsulOptions options;
  options.endpoints = server.endpoints();
  options.token = "5e551000-0000-0000-0000-00000000000f";
  EXPECT_THAT(wait(connect(options).check()).refusal, HasSubstr("ACL not found"));
  options.token = token;
  ConsulStore& store = connect(options);
  EXPECT_EQ(wait(store.check()).refusal, "");
  const Revision first = wait(store.load())->revision;
  EXPECT_TRUE(*wait(store.hold("live/1", "1")));
  const Committed done = put(store, "a", "1");
  EXPECT_EQ(done.outcome, Outcome::done);
  EXPECT_EQ(watch_until(loop, store, first, done.revision).entries.at("a")->value, "1");
  options.prefix = "elsewhere/";
  EXPECT_THAT(wait(connect(options).check()).refusal, HasSubstr("cannot be"));
}

}  // namespace
}  // namespace mq::core
