// SPDX-License-Identifier: Apache-2.0
#include "core/handlers/fetch_sessions.h"

#include <gtest/gtest.h>

namespace mq::core::fetch_sessions_test {
namespace {

using kafka::Error;
using Answer = kafka::FetchResponse::PartitionData;

kafka::FetchRequest request(std::int32_t id, std::int32_t epoch, std::vector<std::int32_t> partitions = {}) {
  kafka::FetchRequest r;
  r.session_id = id;
  r.session_epoch = epoch;
  if (partitions.empty()) return r;
  auto& topic = r.topics.emplace_back();
  topic.topic = "t";
  for (const auto p : partitions) topic.partitions.emplace_back().partition = p;
  return r;
}

Answer answer(std::int64_t high_watermark, std::int16_t error = 0) {
  Answer a;
  a.high_watermark = high_watermark;
  a.log_start_offset = 0;
  a.error_code = error;
  return a;
}

FetchKey key(std::int32_t partition) {
  return {"t", {}, partition};
}

class FetchSessionsTest : public testing::Test {
 protected:
  FetchSessions sessions;
  Time now{};
};

TEST_F(FetchSessionsTest, EpochMinusOneHasNoSession) {
  const auto begun = sessions.begin(request(0, -1, {0, 1}), false, now);
  EXPECT_FALSE(begun.session);
  EXPECT_EQ(begun.partitions.size(), 2u);
}

TEST_F(FetchSessionsTest, AFullFetchOpensASessionThatLaterRequestsOnlyAmend) {
  const auto full = sessions.begin(request(0, 0, {0, 1}), false, now);
  ASSERT_TRUE(full.session);
  EXPECT_GT(full.session->id, 0);
  auto next = request(full.session->id, 1, {2});
  next.forgotten_topics_data.push_back({"t", {}, {0}});
  const auto begun = sessions.begin(next, false, now);
  EXPECT_TRUE(begun.incremental);
  ASSERT_EQ(begun.partitions.size(), 2u);
  EXPECT_EQ(begun.partitions[0].key, key(1));
  EXPECT_EQ(begun.partitions[1].key, key(2));
}

std::vector<std::int32_t> more_than_a_session_has() {
  std::vector<std::int32_t> many(FetchSessions::session_partitions_max + 1);
  for (std::size_t i = 0; i < many.size(); i++) many[i] = static_cast<std::int32_t>(i);
  return many;
}

TEST_F(FetchSessionsTest, WhoAsksForVeryManyPartitionsIsServedWithoutASession) {
  const auto begun = sessions.begin(request(0, 0, more_than_a_session_has()), false, now);
  EXPECT_EQ(begun.error, Error::none);
  EXPECT_FALSE(begun.session);
  EXPECT_TRUE(begun.is_long);
  EXPECT_EQ(sessions.size(), 0u);
}

TEST_F(FetchSessionsTest, WhoAddsVeryManyPartitionsToASessionBeginsAgainWithoutOne) {
  const auto full = sessions.begin(request(0, 0, {0}), false, now);
  const auto more = sessions.begin(request(full.session->id, 1, more_than_a_session_has()), false, now);
  EXPECT_EQ(more.error, Error::fetch_session_id_not_found);
  EXPECT_EQ(sessions.size(), 0u);
}

TEST_F(FetchSessionsTest, AnUnknownSessionAndAWrongEpochAreRefused) {
  const auto full = sessions.begin(request(0, 0, {0}), false, now);
  EXPECT_EQ(sessions.begin(request(full.session->id, 2), false, now).error,
            Error::invalid_fetch_session_epoch);
  EXPECT_EQ(sessions.begin(request(full.session->id + 1, 1), false, now).error,
            Error::fetch_session_id_not_found);
  EXPECT_EQ(sessions.begin(request(full.session->id, 1), true, now).error,
            Error::fetch_session_topic_id_error);
}

TEST_F(FetchSessionsTest, ClosingASessionForgetsIt) {
  const auto full = sessions.begin(request(0, 0, {0}), false, now);
  sessions.begin(request(full.session->id, -1), false, now);
  EXPECT_EQ(sessions.size(), 0u);
}

TEST_F(FetchSessionsTest, ASessionWithoutPartitionsEnds) {
  const auto full = sessions.begin(request(0, 0, {0}), false, now);
  auto next = request(full.session->id, 1);
  next.forgotten_topics_data.push_back({"t", {}, {0}});
  EXPECT_FALSE(sessions.begin(next, false, now).session);
  EXPECT_EQ(sessions.size(), 0u);
}

TEST_F(FetchSessionsTest, TheEpochWrapsToOne) {
  const auto full = sessions.begin(request(0, 0, {0}), false, now);
  full.session->epoch = INT32_MAX;
  EXPECT_EQ(sessions.begin(request(full.session->id, INT32_MAX), false, now).error, Error::none);
  EXPECT_EQ(full.session->epoch, 1);
}

TEST_F(FetchSessionsTest, OnlyWhatChangedIsNews) {
  const auto session = sessions.begin(request(0, 0, {0}), false, now).session;
  EXPECT_TRUE(session->changed(key(0), answer(5), false));
  EXPECT_FALSE(session->changed(key(0), answer(5), false));
  EXPECT_TRUE(session->changed(key(0), answer(6), false)) << "the high watermark moved";
  EXPECT_TRUE(session->changed(key(0), answer(6), true)) << "records";
  EXPECT_TRUE(session->changed(key(0), answer(6, 3), false)) << "an error";
  EXPECT_TRUE(session->changed(key(0), answer(6), false)) << "the error is over";
  EXPECT_FALSE(session->changed(key(0), answer(6), false));
}

TEST_F(FetchSessionsTest, APartitionWithRecordsMovesBehindTheOthers) {
  const auto session = sessions.begin(request(0, 0, {0, 1, 2}), false, now).session;
  session->changed(key(0), answer(5), true);
  const auto partitions = session->partitions();
  EXPECT_EQ(partitions[0].key, key(1));
  EXPECT_EQ(partitions[2].key, key(0));
}

TEST_F(FetchSessionsTest, WhenFullOnlyAnIdleSessionMakesRoom) {
  for (std::size_t i = 0; i < FetchSessions::sessions_max; i++)
    ASSERT_TRUE(sessions.begin(request(0, 0, {0}), false, now).session);
  EXPECT_FALSE(sessions.begin(request(0, 0, {0}), false, now).session) << "all are in use";
  EXPECT_TRUE(sessions.begin(request(0, 0, {0}), false, now + std::chrono::minutes(3)).session);
  EXPECT_EQ(sessions.size(), FetchSessions::sessions_max);
}

}  // namespace
}  // namespace mq::core::fetch_sessions_test
