// SPDX-License-Identifier: Apache-2.0
#include "core/partition/epochs.h"

#include <gtest/gtest.h>

namespace mq::core {
namespace {

Epochs three() {
  Epochs epochs;
  epochs.begin(1, 0);
  epochs.begin(3, 10);
  epochs.begin(4, 25);
  return epochs;
}

TEST(Epochs, TheCurrentEpochEndsWhereTheLogDoes) {
  EXPECT_EQ(three().end_of(4, 40), (Epochs::End{4, 40}));
}
TEST(Epochs, AnEarlierEpochEndsWhereTheNextBegins) {
  EXPECT_EQ(three().end_of(3, 40), (Epochs::End{3, 25}));
}
TEST(Epochs, AnEpochThatNeverLedIsAnsweredByTheOneBefore) {
  EXPECT_EQ(three().end_of(2, 40), (Epochs::End{1, 10}));
}
TEST(Epochs, AnEpochBeforeAllKnownEndsAtTheFirst) {
  EXPECT_EQ(three().end_of(0, 40), (Epochs::End{0, 0}));
}
TEST(Epochs, AnEpochOfTheFutureIsUndefined) {
  EXPECT_EQ(three().end_of(5, 40), (Epochs::End{-1, -1}));
}
TEST(Epochs, NoEpochIsUndefined) {
  EXPECT_EQ(three().end_of(-1, 40), (Epochs::End{-1, -1}));
}
TEST(Epochs, AnOffsetBelongsToTheLastEpochThatBeganBeforeIt) {
  EXPECT_EQ(three().at(0), 1);
  EXPECT_EQ(three().at(24), 3);
  EXPECT_EQ(three().at(25), 4);
  EXPECT_EQ(three().at(1000), 4);
}

}  // namespace
}  // namespace mq::core
