// SPDX-License-Identifier: Apache-2.0
#include "tests/core/support/replication_model.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace mq::core {
namespace {

using Bug = ReplicationModel::Bug;

constexpr std::int64_t steps_each = 4000;  // of one seed

std::optional<std::uint64_t> given_number(const char* name) {
  const char* given = std::getenv(name);
  if (!given) return std::nullopt;
  return std::strtoull(given, nullptr, 10);
}

std::string story(std::uint64_t seed, ReplicationModel::Options options) {
  options.tracing = true;
  ReplicationModel model(seed, options);
  const auto violation = model.run(steps_each);
  std::string all;
  for (const std::string& event : model.events()) all += event + "\n";
  return all + (violation ? violation->what : "");
}

TEST(ReplicationModel, WhatWasCommittedStaysWhateverHappens) {
  const auto seed_given = given_number("MQ_SEED");
  const std::uint64_t first = seed_given.value_or(std::random_device{}());
  const auto steps =
      static_cast<std::int64_t>(given_number("MQ_MODEL_STEPS").value_or(seed_given ? steps_each : 1'000'000));
  std::cout << "seed " << first << "\n";

  ReplicationModel::Counts counts;
  for (std::uint64_t seed = first; counts.steps < steps; seed++) {
    ReplicationModel model(seed, {});
    const auto violation = model.run(steps_each);
    counts.add(model.counts());
    ASSERT_FALSE(violation) << "MQ_SEED=" << seed << ", step " << violation->step << "\n" << story(seed, {});
  }
  std::cout << counts.steps << " steps: " << counts.committed << " records committed, " << counts.elections
            << " elections, " << counts.isr_changes << " changes of the ISR, " << counts.truncations
            << " truncations, " << counts.lost_disks << " disks lost, "
            << counts.leaderless * 100 / counts.steps << "% of the steps without a leader\n";
  if (counts.steps < 100'000) return;
  EXPECT_GT(counts.committed * 1000, counts.steps) << "or it shows nothing";
  EXPECT_GT(counts.elections * 2000, counts.steps);
}

TEST(ReplicationModel, OneSeedTwiceIsOneRun) {
  EXPECT_EQ(story(7, {}), story(7, {}));
}

struct Injected {
  Bug bug = Bug::none;
  std::uint64_t seeds_max = 0;
  bool check_form = false;  // caught by the form of what is written, not by what it leads to
  ReplicationModel::Odds odds = {};
  std::uint64_t first_seed = 1;  // nearer to one that shows it, where those are rare
};

class ReplicationModelWith : public testing::TestWithParam<Injected> {};

TEST_P(ReplicationModelWith, ThisBugIsCaught) {
  const Injected& injected = GetParam();
  const ReplicationModel::Options options{injected.bug, injected.check_form, injected.odds};
  const std::uint64_t first = injected.first_seed;
  for (std::uint64_t seed = first; seed < first + injected.seeds_max; seed++) {
    ReplicationModel model(seed, options);
    if (const auto violation = model.run(steps_each)) {
      std::cout << "caught with seed " << seed << ", step " << violation->step << ": " << violation->what
                << "\n";
      if (std::getenv("MQ_MODEL_STORY")) std::cout << story(seed, options) << "\n";
      return;
    }
  }
  FAIL() << "not caught with " << injected.seeds_max << " seeds from " << first;
}

constexpr ReplicationModel::Odds bad_disks{.crash = 4, .disk_losses_percent = 100};

INSTANTIATE_TEST_SUITE_P(
    Injected, ReplicationModelWith,
    testing::Values(
        Injected{Bug::watermark_ignores_proposal, 500}, Injected{Bug::unknown_outcome_by_reading, 1000},
        Injected{
            Bug::leads_on_after_restart, 5000, false, {.crash = 6, .flush = 30, .disk_losses_percent = 0}},
        Injected{Bug::counts_what_is_not_durable, 500}, Injected{Bug::no_leader_epoch_start, 500},
        Injected{Bug::commits_below_min_isr, 500}, Injected{Bug::truncates_to_high_watermark, 500},
        Injected{Bug::no_leader_epoch_check, 2000}, Injected{Bug::counts_diverging_fetch, 500},
        Injected{Bug::trusts_any_disk, 500}, Injected{Bug::takes_late_answer, 5000},
        Injected{Bug::keeps_elr, 500},
        // Each of these two covers for the other: alone they show in what is written only.
        Injected{Bug::expansion_without_guard, 500, true}, Injected{Bug::elects_any_run, 500, true},
        Injected{Bug::elects_any_run_without_guard, 10'000, false, bad_disks},
        Injected{Bug::directory_noted_too_early, 1000, false, bad_disks},
        Injected{Bug::starts_from_stale_state, 5000, false, bad_disks},
        Injected{
            Bug::infers_epochs_from_records, 5000, false, {.compaction = 100, .leader_moves_percent = 80}},
        Injected{
            Bug::takes_any_run_for_the_latest, 1000, false, {.crash = 6, .disk_losses_percent = 100}, 1000},
        Injected{Bug::counts_behind_failed_write,
                 1000,
                 false,
                 {.failed_write = 300, .flush = 60, .leader_moves_percent = 100},
                 5000}),
    [](const auto& test) { return std::string(name_of(test.param.bug)); });

}  // namespace
}  // namespace mq::core
