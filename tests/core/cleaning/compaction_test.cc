// SPDX-License-Identifier: Apache-2.0
#include "core/cleaning/compaction.h"

#include <gtest/gtest.h>

#include "net/kafka/record_batch.h"

namespace mq::core::compaction_test {
namespace {

using kafka::Codec;

net::Bytes bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}
std::string text_of(net::Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// ---------------------------------------------------------------------------------------------- the map

TEST(NewestOffsets, HashAsSipHashDoes) {
  const KeyHash secret{0x0706050403020100, 0x0f0e0d0c0b0a0908};
  EXPECT_EQ(sip_hash({}, secret), (KeyHash{0xe6a825ba047f81a3, 0x930255c71472f66d}));
}

TEST(NewestOffsets, RememberTheNewestOfEveryKeyUntilTheyAreFull) {
  NewestOffsets newest(16);
  for (int i = 0; i < 12; i++) EXPECT_TRUE(newest.put(bytes_of(std::to_string(i)), i));
  EXPECT_FALSE(newest.put(bytes_of("one more"), 12));
  EXPECT_TRUE(newest.put(bytes_of("3"), 13));
  EXPECT_EQ(newest.find(bytes_of("3")), 13);
  EXPECT_EQ(newest.find(bytes_of("4")), 4);
  EXPECT_EQ(newest.find(bytes_of("one more")), -1);
}

// ---------------------------------------------------------------------------------------------- when

constexpr Timestamp now = 1'000'000;

CompactionView view(Offset clean, std::vector<storage::Range> segments) {
  CompactionView view;
  view.clean = clean;
  view.stable = segments.empty() ? 0 : segments.back().last + 1;
  view.now = now;
  for (const auto& range : segments) {
    if (range.last >= clean) view.oldest_dirty = std::min(view.oldest_dirty, range.time_max);
    if (!range.sealed) view.oldest_unsealed = std::min(view.oldest_unsealed, range.time_max);
  }
  view.segments = std::move(segments);
  return view;
}
storage::Range sealed(Offset first, Offset last, std::uint64_t bytes = 100, Timestamp time = now) {
  return {first, last, time, -1, bytes, 5, true};
}
storage::Range open(Offset first, Offset last, std::uint64_t bytes = 100, Timestamp time = now) {
  return {first, last, time, -1, bytes, 5, false};
}

TEST(CompactionJudge, CompactsWhenMoreThanTheRatioIsDirty) {
  const CompactionRules rules;
  EXPECT_EQ(judge(rules, view(10, {sealed(0, 9), sealed(10, 19, 100)})).act, Judgement::Act::wait);
  const auto judgement = judge(rules, view(10, {sealed(0, 9), sealed(10, 19, 101), open(20, 29)}));
  EXPECT_EQ(judgement.act, Judgement::Act::compact);
  EXPECT_EQ(judgement.end, 20);
}

TEST(CompactionJudge, SaysAfterHowManyBytesItIsWorthALook) {
  const auto judgement = judge({}, view(10, {sealed(0, 9, 1'000'000), sealed(10, 19, 300'000)}));
  EXPECT_EQ(judgement.act, Judgement::Act::wait);
  EXPECT_EQ(judgement.room, 700'000u + (4 << 10));
  EXPECT_EQ(judgement.due, end_of_time);
}

TEST(CompactionJudge, CompactsWhatIsOlderThanTheLargestLag) {
  CompactionRules rules;
  rules.lag_ms_max = 1000;
  auto dirty = view(10, {sealed(0, 9, 1000), sealed(10, 19, 10, now - 999)});
  EXPECT_EQ(judge(rules, dirty).act, Judgement::Act::wait);
  EXPECT_EQ(judge(rules, dirty).due, now + 1);
  dirty.now = now + 1;
  EXPECT_EQ(judge(rules, dirty).act, Judgement::Act::compact);
}

TEST(CompactionJudge, WhatIsYoungerThanTheSmallestLagStaysAndAllBehindIt) {
  CompactionRules rules;
  rules.lag_ms_min = 1000;
  const std::vector<storage::Range> segments{sealed(0, 9, 100, now - 2000), sealed(10, 19, 100, now - 10),
                                             sealed(20, 29, 100, now - 3000)};
  EXPECT_EQ(judge(rules, view(0, segments)).end, 10);
  EXPECT_EQ(judge(rules, view(10, segments)).due, now + 990);
}

TEST(CompactionJudge, NothingBehindTheStableOffsetIsTouched) {
  auto dirty = view(0, {sealed(0, 9), sealed(10, 19)});
  dirty.stable = 15;
  EXPECT_EQ(judge({}, dirty).end, 10);
}

TEST(CompactionJudge, WhatAnOpenTransactionKeepsIsLookedAtAgain) {
  auto dirty = view(0, {open(0, 19)});
  dirty.stable = 15;
  const Judgement judgement = judge({}, dirty);
  EXPECT_EQ(judgement.act, Judgement::Act::wait);
  EXPECT_EQ(judgement.due, now) << "nothing else tells when it is over";
}

TEST(CompactionJudge, SealsWhatWaitsInAnOpenSegmentForLongerThanSegmentMs) {
  CompactionRules rules;
  rules.segment_ms = 5000;
  auto dirty = view(10, {sealed(0, 9), open(10, 19, 500, now - 4000)});
  EXPECT_EQ(judge(rules, dirty).act, Judgement::Act::wait);
  EXPECT_EQ(judge(rules, dirty).due, now + 1000);
  dirty.now = now + 1000;
  EXPECT_EQ(judge(rules, dirty).act, Judgement::Act::seal);
  dirty.segments.back().bytes = 50;
  EXPECT_EQ(judge(rules, dirty).act, Judgement::Act::wait) << "it would not be worth it";
}

TEST(CompactionJudge, ACleanPartitionWaitsForNothing) {
  const auto judgement = judge({}, view(10, {sealed(0, 9)}));
  EXPECT_EQ(judgement.act, Judgement::Act::wait);
  EXPECT_EQ(judgement.due, end_of_time);
  EXPECT_EQ(judgement.room, 0u) << "but for the next batch";
}

// ---------------------------------------------------------------------------------------------- what
// survives

struct Entry {
  std::optional<std::string> key;
  std::optional<std::string> value;
  Timestamp time = 5000;
  bool operator==(const Entry&) const = default;
};
constexpr std::int16_t control_bit = 1 << 5;

class SurvivorsTest : public testing::Test {
 protected:
  // A batch at the end of the log.
  std::string add(const std::vector<Entry>& entries, Codec codec = Codec::none,
                  kafka::BatchProducer producer = {}, std::int16_t attributes = 0) {
    kafka::BatchBuilder builder(1 << 20);
    for (const Entry& entry : entries) {
      const auto bytes = [](const auto& text) {
        return text ? std::optional(bytes_of(*text)) : std::nullopt;
      };
      builder.append(entry.time, bytes(entry.key), bytes(entry.value));
    }
    const net::Slice plain = builder.finish(Codec::none, 0, producer);
    const net::Slice batch = *kafka::recompress(plain.bytes(), codec);
    auto head = *kafka::BatchHead::parse(batch.bytes());
    head.attributes = static_cast<std::int16_t>(head.attributes | attributes);
    head.base_offset = next;
    head.put(batch.data.get());
    kafka::write_checksum(batch.data.get(), batch.size);
    next += static_cast<Offset>(entries.size());
    return text_of(batch.bytes());
  }
  std::string marker(ProducerId producer, bool commit) {
    const std::string key{'\0', '\0', '\0', commit ? '\1' : '\0'};
    return add({{key, std::string(6, '\0')}}, Codec::none, {producer, 0, -1, true}, control_bit);
  }

  // One pass over these batches, all of them dirty.
  std::vector<std::string> compact(const std::vector<std::string>& batches) {
    auto pass = std::make_shared<CompactionPass>(1000);
    pass->end = next;
    pass->now = now;
    pass->delete_retention_ms = 1000;
    pass->newest_last = newest_last;
    pass->last_of_producer = last_of_producer;
    pass->is_aborted = [this](const kafka::BatchHead& head) { return aborted.contains(head.producer_id); };
    for (const std::string& batch : batches) EXPECT_TRUE(map_keys(bytes_of(batch), *pass, false));
    Survivors survivors(pass);
    std::vector<std::string> after;
    for (const std::string& batch : batches) {
      const net::Bytes left = survivors.of(bytes_of(batch));
      if (left.empty()) continue;
      EXPECT_EQ(kafka::check_batch(left), kafka::Error::none);
      after.push_back(text_of(left));
    }
    return after;
  }
  static std::vector<std::pair<Offset, Entry>> read(const std::vector<std::string>& batches) {
    std::vector<std::pair<Offset, Entry>> all;
    for (const std::string& batch : batches) {
      kafka::RecordReader reader(bytes_of(batch));
      const auto text = [](const auto& bytes) {
        return bytes ? std::optional(text_of(*bytes)) : std::nullopt;
      };
      while (const auto* record = reader.next())
        all.push_back({record->offset, {text(record->key), text(record->value), record->timestamp}});
      EXPECT_FALSE(reader.error());
    }
    return all;
  }
  static kafka::BatchHead head(const std::string& batch) { return *kafka::BatchHead::parse(bytes_of(batch)); }
  using Records = std::vector<std::pair<Offset, Entry>>;

  Offset next = 0, newest_last = -1;
  Timestamp now = 10'000;
  std::unordered_map<ProducerId, Offset> last_of_producer;
  std::unordered_set<ProducerId> aborted;
};

TEST_F(SurvivorsTest, TheNewestOfEveryKeySurvivesWhereItWas) {
  for (const Codec codec : {Codec::none, Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd}) {
    next = 100;
    const auto first = add({{"a", "1", 50}, {"b", "1", 60}, {"c", "1", 55}}, codec, {7, 2, 30, false});
    const auto second = add({{"a", "2"}, {"c", "2"}}, codec);
    const auto after = compact({first, second});
    EXPECT_EQ(read(after), (Records{{101, {"b", "1", 60}}, {103, {"a", "2"}}, {104, {"c", "2"}}}));
    const auto before_head = head(first), after_head = head(after[0]);
    EXPECT_EQ(after_head.codec(), codec);
    EXPECT_EQ(after_head.base_offset, before_head.base_offset);
    EXPECT_EQ(after_head.last_offset(), before_head.last_offset());
    EXPECT_EQ(after_head.base_sequence, 30);
    EXPECT_EQ(after_head.producer_id, 7);
    EXPECT_EQ(after_head.max_timestamp, 60);
    EXPECT_EQ(after[1], second) << "nothing of it went: not a byte changes";
  }
}

TEST_F(SurvivorsTest, RecordsWithoutAKeyGo) {
  const auto batch = add({{std::nullopt, "x"}, {"a", "1"}});
  EXPECT_EQ(read(compact({batch})), (Records{{1, {"a", "1"}}}));
}

TEST_F(SurvivorsTest, ATombstoneStaysForItsTimeAfterThePassThatSawItFirst) {
  const auto value = add({{"a", "1"}, {"b", "1"}});
  const auto tombstone = add({{"a", std::nullopt, 4000}, {"c", "1", 4001}});
  auto after = compact({value, tombstone});
  const Records with{{1, {"b", "1"}}, {2, {"a", std::nullopt, 4000}}, {3, {"c", "1", 4001}}};
  EXPECT_EQ(read(after), with);
  EXPECT_EQ(head(after[1]).base_timestamp, 11'000);
  EXPECT_EQ(head(after[1]).max_timestamp, 4001);

  now = 10'999;
  EXPECT_EQ(compact(after), after) << "its time has not come, and is not set anew";
  now = 11'000;
  EXPECT_EQ(read(compact(after)), (Records{{1, {"b", "1"}}, {3, {"c", "1", 4001}}}));
}

TEST_F(SurvivorsTest, ATombstoneThatIsReplacedGoesAtOnce) {
  const auto batches = std::vector{add({{"a", std::nullopt}}), add({{"a", "2"}})};
  EXPECT_EQ(read(compact(batches)), (Records{{1, {"a", "2"}}}));
}

TEST_F(SurvivorsTest, TheHeadOfAProducersLastBatchStays) {
  const auto one = add({{"a", "1"}, {"b", "1"}}, Codec::lz4, {7, 3, 10, false});
  const auto two = add({{"a", "2"}, {"b", "2"}}, Codec::none, {8, 0, 0, false});
  last_of_producer = {{7, 1}, {8, 3}};
  const auto after = compact({one, two});
  ASSERT_EQ(after.size(), 2u);
  EXPECT_EQ(after[0].size(), kafka::BatchHead::bytes);
  EXPECT_EQ(head(after[0]).record_count, 0);
  EXPECT_EQ(head(after[0]).last_sequence(), 11);
  EXPECT_EQ(head(after[0]).last_offset(), 1);
  EXPECT_EQ(compact(after), after);
  last_of_producer = {{7, 100}};
  EXPECT_EQ(compact(after).size(), 1u);
}

TEST_F(SurvivorsTest, TheHeadOfAnEpochsFirstBatchStays) {
  const auto in_epoch = [&](Epoch epoch, const std::vector<Entry>& entries) {
    std::string bytes = add(entries);
    auto head = *kafka::BatchHead::parse(bytes_of(bytes));
    head.partition_leader_epoch = epoch;
    head.put(reinterpret_cast<std::byte*>(bytes.data()));
    return bytes;
  };
  const std::vector batches{in_epoch(0, {{"a", "1"}}), in_epoch(2, {{"a", "2"}}), in_epoch(2, {{"a", "3"}}),
                            in_epoch(5, {{"a", "4"}}), in_epoch(5, {{"a", "5"}})};
  const auto after = compact(batches);
  ASSERT_EQ(after.size(), 3u);
  EXPECT_EQ(head(after[0]).base_offset, 1);
  EXPECT_EQ(head(after[0]).partition_leader_epoch, 2);
  EXPECT_EQ(head(after[0]).record_count, 0);
  EXPECT_EQ(head(after[1]).base_offset, 3);
  EXPECT_EQ(read(after), (Records{{4, {"a", "5"}}}));
  EXPECT_EQ(compact(after), after);
}

TEST_F(SurvivorsTest, TheLogsNewestBatchKeepsItsOffsets) {
  const auto batch = add({{std::nullopt, "x"}});
  EXPECT_TRUE(compact({batch}).empty());
  newest_last = 0;
  EXPECT_EQ(compact({batch}).size(), 1u);
}

TEST_F(SurvivorsTest, AbortedRecordsGoAndHideNothing) {
  const auto before = add({{"a", "1"}});
  const auto in_transaction = add({{"a", "2"}}, Codec::none, {9, 0, 0, true});
  const auto end = marker(9, false);
  aborted = {9};
  const auto after = compact({before, in_transaction, end});
  ASSERT_EQ(after.size(), 2u);
  EXPECT_EQ(read({after[0]}), (Records{{0, {"a", "1"}}}));
  EXPECT_EQ(after[1], end) << "the marker stays as long as a pass saw what it ends";
}

TEST_F(SurvivorsTest, AMarkerWhoseTransactionIsGoneStaysAsLongAsATombstone) {
  const auto end = marker(9, true);
  const auto value = add({{"a", "1"}});
  auto after = compact({end, value});
  ASSERT_EQ(after.size(), 2u);
  EXPECT_EQ(head(after[0]).base_timestamp, 11'000);
  EXPECT_TRUE(head(after[0]).is_control());
  now = 10'500;
  EXPECT_EQ(compact(after), after);
  now = 11'000;
  EXPECT_EQ(compact(after), std::vector{value});
}

TEST_F(SurvivorsTest, CommittedRecordsAreLikeOthers) {
  const auto in_transaction = add({{"a", "1"}, {"b", "1"}}, Codec::none, {9, 0, 0, true});
  const auto end = marker(9, true);
  const auto later = add({{"a", "2"}});
  const auto after = compact({in_transaction, end, later});
  ASSERT_EQ(after.size(), 3u);
  EXPECT_EQ(read({after[0], after[2]}), (Records{{1, {"b", "1"}}, {3, {"a", "2"}}}));
  EXPECT_TRUE(head(after[0]).is_transactional());
}

TEST_F(SurvivorsTest, WhatCannotBeReadStaysAsItIs) {
  std::string batch = add({{"a", "1"}, {"a", "2"}}, Codec::gzip);
  for (std::size_t i = kafka::BatchHead::bytes; i < batch.size(); i++) batch[i] = '?';
  kafka::write_checksum(reinterpret_cast<std::byte*>(batch.data()), batch.size());
  EXPECT_EQ(compact({batch}), std::vector{batch});
}

TEST_F(SurvivorsTest, BatchesBehindTheEndOfThePassStayAsTheyAre) {
  const auto one = add({{"a", "1"}, {"b", "1"}, {"c", "1"}});
  const auto two = add({{"b", "2"}, {"d", "1"}});
  CompactionPass pass(8);
  pass.end = next;
  EXPECT_TRUE(map_keys(bytes_of(one), pass, true));
  pass.newest = NewestOffsets(4);
  for (const char* key : {"x", "y", "z"}) pass.newest.put(bytes_of(key), 0);
  EXPECT_FALSE(map_keys(bytes_of(two), pass, false));
  EXPECT_EQ(pass.end, 3);
  pass.end = next;
  EXPECT_FALSE(map_keys(bytes_of(two), pass, true));
  EXPECT_EQ(pass.end, 5) << "one batch at least: it may not stay where it is for ever";
}

}  // namespace
}  // namespace mq::core::compaction_test
