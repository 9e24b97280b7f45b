// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/internal_topic.h"

#include "tests/core/handlers/conversation.h"
#include "tests/core/metadata/stored_topics.h"

namespace mq::core {
namespace {

kafka::Bytes owned(std::string_view text) {
  const auto bytes = bytes_of(text);
  return {bytes.begin(), bytes.end()};
}

TEST(InternalTopics, PartitionsAreChosenByTheHashOfJavasStrings) {
  EXPECT_EQ(java_hash(""), 0);
  EXPECT_EQ(java_hash("hello"), 99162322);
  EXPECT_EQ(java_hash("polygenelubricants"), std::numeric_limits<std::int32_t>::min());
  EXPECT_EQ(java_hash("grün"), 31 * (31 * (31 * 'g' + 'r') + 0xfc) + 'n') << "one unit for two bytes";
  EXPECT_EQ(java_hash("\xf0\x9f\x98\x80"), 0xd83d * 31 + 0xde00) << "two units for one character";
  EXPECT_EQ(java_hash("\xff"), 0xfffd) << "what is not UTF-8 still has a hash";
}

class InternalTopicTest : public StoredTopics {
 protected:
  Error append(std::int32_t partition, std::vector<KeyedRecord> records) {
    std::optional<Error> answer;
    topic->append(partition, records, [&](Error error) { answer = error; });
    while (!answer) loop.run_one();
    return *answer;
  }
  std::vector<std::string> replayed(std::int32_t partition) {
    std::vector<std::string> seen;
    const InternalTopic::Visit note = [&](net::Bytes key, std::optional<net::Bytes> value,
                                          const kafka::BatchHead&, Offset) {
      seen.push_back(text_of(key) + (value ? "=" + text_of(*value) : " forgotten"));
    };
    EXPECT_FALSE(run(topic->replay(partition, note)));
    return seen;
  }
};

TEST_F(InternalTopicTest, IsMadeWhenItIsFirstNeeded) {
  EXPECT_EQ(topic->partitions(), 50);
  EXPECT_EQ(append(0, {{owned("k"), owned("v")}}), Error::coordinator_not_available);
  EXPECT_EQ(run(topic->ensure()), Error::none);
  EXPECT_EQ(run(topic->ensure()), Error::none);
  EXPECT_EQ(topics->catalog.find(offsets_topic)->partitions, 50);
  EXPECT_TRUE(topics->catalog.find(offsets_topic)->config.compacts);
}

TEST_F(InternalTopicTest, ReplaysWhatWasWrittenInItsOrderAlsoAfterARestart) {
  run(topic->ensure());
  EXPECT_TRUE(topic->empty(7));
  EXPECT_EQ(append(7, {{owned("a"), owned("1")}, {owned("b"), owned("2")}}), Error::none);
  EXPECT_EQ(append(7, {{owned("a"), std::nullopt}}), Error::none);
  EXPECT_EQ(append(8, {{owned("c"), owned("3")}}), Error::none);
  EXPECT_FALSE(topic->empty(7));
  const std::vector<std::string> expected{"a=1", "b=2", "a forgotten"};
  EXPECT_EQ(replayed(7), expected);
  close();
  open();
  EXPECT_EQ(replayed(7), expected);
  EXPECT_EQ(replayed(9), std::vector<std::string>());
}

// How much a truncated file has taken nobody knows: eight million offsets are given up, and not walked.
TEST_F(InternalTopicTest, IsReplayedPastARangeThatIsLost) {
  run(topic->ensure());
  EXPECT_EQ(append(7, {{owned("a"), owned("1")}}), Error::none);
  close();
  std::filesystem::remove(dir.path() / "data" / "journal" / "0000000001.log");
  open();
  EXPECT_EQ(replayed(7), std::vector<std::string>{});
  EXPECT_EQ(append(7, {{owned("b"), owned("2")}}), Error::none);
  EXPECT_EQ(replayed(7), std::vector<std::string>{"b=2"});
}

TEST_F(InternalTopicTest, ReplaysMoreThanOnePieceOfTheLog) {
  run(topic->ensure());
  std::vector<std::string> expected;
  for (int i = 0; i < 40; i++) {
    const std::string value(100'000, static_cast<char>('a' + i % 26));
    EXPECT_EQ(append(0, {{owned("k"), owned(value)}}), Error::none);
    expected.push_back("k=" + value);
  }
  EXPECT_EQ(replayed(0), expected);
}

TEST_F(InternalTopicTest, ABatchThatNobodyCouldReadIsRefused) {
  run(topic->ensure());
  const std::string large(InternalTopic::batch_bytes_max, 'x');
  EXPECT_EQ(append(0, {{owned("k"), owned(large)}}), Error::message_too_large);
}

TEST_F(InternalTopicTest, ATransactionsRecordsSayWhoseTheyAre) {
  run(topic->ensure());
  std::optional<Error> answer;
  const std::vector<KeyedRecord> records{{owned("k"), owned("v")}};
  topic->append(0, records, [&](Error error) { answer = error; }, {7, 3, 0, true});
  while (!answer) loop.run_one();
  EXPECT_EQ(*answer, Error::none);
  std::optional<kafka::BatchHead> seen;
  const InternalTopic::Visit note = [&](net::Bytes, std::optional<net::Bytes>, const kafka::BatchHead& head,
                                        Offset) { seen = head; };
  EXPECT_FALSE(run(topic->replay(0, note)));
  ASSERT_TRUE(seen);
  EXPECT_TRUE(seen->is_transactional());
  EXPECT_EQ(seen->producer_id, 7);
  EXPECT_EQ(seen->producer_epoch, 3);
}

class InternalTopicConversation : public Conversation {};

TEST_F(InternalTopicConversation, ClientsSeeThatItIsInternalAndMayOnlyRead) {
  const std::string name(offsets_topic);
  kafka::MetadataRequest request;
  request.topics.emplace();
  request.topics->emplace_back().name = name;
  const auto topic = wire->call<kafka::MetadataResponse>(request, 12).topics.at(0);
  EXPECT_EQ(topic.error_code, 0);
  EXPECT_TRUE(topic.is_internal);
  EXPECT_EQ(topic.partitions.size(), 50u) << "whoever asks first gets it as the broker would make it";

  EXPECT_EQ(produce(name, batch({.values = {"x"}, .key = "k"})).error_code,
            code(Error::invalid_topic_exception));
  kafka::DeleteTopicsRequest remove;
  remove.topic_names = {name};
  remove.timeout_ms = 1000;
  EXPECT_EQ(wire->call<kafka::DeleteTopicsResponse>(remove, 5).responses.at(0).error_code,
            code(Error::invalid_topic_exception));
  kafka::CreatePartitionsRequest grow;
  grow.topics.emplace_back().name = name;
  grow.topics.back().count = 60;
  EXPECT_EQ(wire->call<kafka::CreatePartitionsResponse>(grow, 3).results.at(0).error_code,
            code(Error::invalid_topic_exception));
}

}  // namespace
}  // namespace mq::core
