// SPDX-License-Identifier: Apache-2.0
#include "core/partition/epochs.h"

#include <gtest/gtest.h>

namespace mq::core::epochs_test {
namespace {

// In a log that ends at 40; epoch 2 wrote nothing.
Epochs three() {
  Epochs epochs;
  epochs.seen(1, 5);
  epochs.seen(3, 10);
  epochs.seen(3, 15);
  epochs.seen(4, 25);
  return epochs;
}

TEST(Epochs, TheLeadersEpochEndsWhereTheLogDoes) {
  EXPECT_EQ(three().end_of(4, 4, 40), (Epochs::End{4, 40}));
  EXPECT_EQ(Epochs().end_of(0, 0, 7), (Epochs::End{0, 7}));
}
TEST(Epochs, AnEarlierEpochEndsWhereTheNextBegins) {
  EXPECT_EQ(three().end_of(3, 4, 40), (Epochs::End{3, 25}));
}
TEST(Epochs, TheLastEpochEndsWithTheLogWhileTheLeaderHasWrittenNothing) {
  EXPECT_EQ(three().end_of(4, 6, 40), (Epochs::End{4, 40}));
  EXPECT_EQ(three().end_of(5, 6, 40), (Epochs::End{4, 40}));
}
TEST(Epochs, AnEpochThatNeverWroteIsAnsweredByTheOneBefore) {
  EXPECT_EQ(three().end_of(2, 4, 40), (Epochs::End{1, 10}));
}
TEST(Epochs, AnEpochOfTheFutureIsUndefined) {
  EXPECT_EQ(three().end_of(5, 4, 40), (Epochs::End{-1, -1}));
}
TEST(Epochs, NoEpochIsUndefined) {
  EXPECT_EQ(three().end_of(-1, 4, 40), (Epochs::End{-1, -1}));
}
TEST(Epochs, AnOffsetBelongsToTheLastEpochThatBeganBeforeIt) {
  EXPECT_EQ(three().at(0), 0);
  EXPECT_EQ(three().at(5), 1);
  EXPECT_EQ(three().at(24), 3);
  EXPECT_EQ(three().at(25), 4);
  EXPECT_EQ(three().at(1000), 4);
}
TEST(Epochs, AnEpochIsTruncatedWithItsFirstBatch) {
  Epochs epochs = three();
  epochs.truncate(26);
  EXPECT_EQ(epochs, three());
  epochs.truncate(25);
  EXPECT_EQ(epochs.last(), 3);
  epochs.seen(7, 30);
  EXPECT_EQ(epochs.end_of(4, 7, 40), (Epochs::End{3, 30})) << "it never was";
  epochs.truncate(0);
  EXPECT_EQ(epochs, Epochs());
}
TEST(Epochs, OfWhatWasTrimmedOnlyTheEpochAtTheStartIsKnown) {
  Epochs epochs = three();
  epochs.trim(12);
  EXPECT_EQ(epochs.all(), (std::vector<Epochs::End>{{3, 10}, {4, 25}}));
  EXPECT_EQ(epochs.end_of(1, 4, 40), (Epochs::End{1, 10}));
  epochs.trim(25);
  EXPECT_EQ(epochs.all(), (std::vector<Epochs::End>{{4, 25}}));
}

TEST(Epochs, OfALogThatIsTruncatedToNothingNoneIsLeft) {
  Epochs epochs;
  epochs.seen(4, 0);
  epochs.trim(0);
  epochs.truncate(0);
  EXPECT_EQ(epochs.last(), 0) << "what comes from a leader may be of any";
  epochs.seen(1, 0);
  EXPECT_EQ(epochs.last(), 1);
}

}  // namespace
}  // namespace mq::core::epochs_test
