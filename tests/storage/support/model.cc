// SPDX-License-Identifier: Apache-2.0
#include "tests/storage/support/model.h"

#include <algorithm>

namespace mq::test {

using storage::error_code;
using storage::PartitionNumber;

std::string to_string(const Model::State& state) {
  std::string text = "[" + std::to_string(state.start) + "," + std::to_string(state.end) + ")";
  for (const Seen& batch : state.batches)
    text += " " + std::to_string(batch.first) + "-" + std::to_string(batch.last) + ":" +
            std::to_string(batch.size);
  return text;
}

Model::State& Model::next(PartitionNumber partition) {
  auto& states = histories_[partition].states;
  State copy = states.back();
  return states.emplace_back(std::move(copy));
}

bool Model::answered(PartitionNumber partition, std::size_t index, error_code error) {
  History& history = histories_[partition];
  if (error) return false;
  history.certain = std::max(history.certain, index);
  acknowledged_++;
  return true;
}

bool Model::append(const std::vector<PartitionNumber>& targets, std::mt19937& random) {
  std::size_t answers = 0;
  bool good = true;
  for (const PartitionNumber partition : targets)  // what failed is not in the log
    if (failed_) histories_[partition].states.back().end = opened_.journal->log(partition)->end();
  for (const PartitionNumber partition : targets) {
    State& state = next(partition);
    const int count = 1 + static_cast<int>(random() % 3);
    const std::size_t size = 61 + random() % batch_bytes_max;
    const Batch batch = make_batch(state.end, count, size);
    state.batches.push_back({batch.first, batch.last, batch.size});
    state.end = batch.last + 1;
    const std::size_t index = histories_[partition].states.size() - 1;
    const Seen seen = state.batches.back();
    opened_.journal->log(partition)->append(batch, [&, partition, index, seen](error_code error) {
      answers++;
      if (!error) promised_[partition].push_back(seen);
      good &= answered(partition, index, error);
    });
  }
  run_until(opened_.loop, [&] { return answers == targets.size(); });
  failed_ = !good;
  return good;
}

bool Model::truncate(PartitionNumber partition, Offset end) {
  State& state = next(partition);
  while (!state.batches.empty() && state.batches.back().last >= end) {
    end = std::min(end, state.batches.back().first);
    state.batches.pop_back();
  }
  state.end = std::min(state.end, end);
  state.start = std::min(state.start, state.end);
  const std::size_t index = histories_[partition].states.size() - 1;
  return answered(partition, index, wait_for(opened_.loop, opened_.journal->log(partition)->truncate(end)));
}

bool Model::trim(PartitionNumber partition, Offset start) {
  State& state = next(partition);
  state.start = std::max(state.start, start);
  state.end = std::max(state.end, state.start);
  std::erase_if(state.batches, [&](const Seen& batch) { return batch.last < state.start; });
  const std::size_t index = histories_[partition].states.size() - 1;
  return answered(partition, index, wait_for(opened_.loop, opened_.journal->log(partition)->trim(start)));
}

bool Model::remove(PartitionNumber partition) {
  next(partition) = State{};
  const std::size_t index = histories_[partition].states.size() - 1;
  return answered(partition, index, wait_for(opened_.loop, opened_.journal->remove({partition})));
}

bool Model::anything(std::mt19937& random) {
  const auto some = [&] { return static_cast<PartitionNumber>(first_ + random() % partitions); };
  const PartitionNumber partition = some();
  const State& now = histories_[partition].states.back();
  const auto length = static_cast<std::uint64_t>(now.end - now.start);
  switch (random() % 24) {
    case 0:
      return truncate(partition, now.end - static_cast<Offset>(random() % (length / 4 + 1)));
    case 1:
    case 2:
      return trim(partition, now.start + static_cast<Offset>(random() % (length / 2 + 2)));
    case 3:
      if (random() % 4 != 0 || partition != first_) break;
      first_++;
      return remove(partition);
  }
  std::vector<PartitionNumber> targets(1 + random() % 5);
  std::generate(targets.begin(), targets.end(), some);
  return append(targets, random);
}

void Model::check_loosely() {
  for (const auto& [partition, promised] : promised_) {
    const auto all = opened_.all(partition);
    auto rest = all.begin();
    for (const Seen& seen : promised) {
      rest = std::find(rest, all.end(), seen);
      if (rest == all.end()) {
        ADD_FAILURE() << "partition " << partition << ": " << seen.first
                      << " was acknowledged and is not there";
        break;
      }
    }
    for (std::size_t i = 1; i < all.size(); i++) EXPECT_GT(all[i].first, all[i - 1].last);
  }
}

void Model::check() {
  failed_ = false;
  for (auto& [partition, history] : histories_) {
    const auto log = opened_.journal->log(partition);
    State found{log->start(), log->end(), opened_.all(partition)};
    const auto from = history.states.begin() + static_cast<std::ptrdiff_t>(history.certain);
    const auto match = std::find(from, history.states.end(), found);
    if (match == history.states.end()) {
      ADD_FAILURE() << "partition " << partition << " holds  " << to_string(found) << "\nacknowledged "
                    << to_string(*from) << "\nasked for    " << to_string(history.states.back());
    }
    history.states = {found};
    history.certain = 0;
  }
}

}  // namespace mq::test
