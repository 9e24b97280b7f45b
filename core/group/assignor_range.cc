// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <tuple>

#include "core/group/assignor.h"

namespace mq::core {

namespace {

using Index = std::size_t;  // of a member

// `partitions` cut into `pieces` that follow each other; the first ones are larger by one where it does not
// come out even.
struct Cut {
  std::int32_t partitions, pieces;

  std::int32_t begin(std::int32_t piece) const {
    return piece * (partitions / pieces) + std::min(piece, partitions % pieces);
  }
  std::int32_t piece_of(std::int32_t partition) const {
    const std::int32_t larger = partitions % pieces, size = partitions / pieces;
    const std::int32_t in_larger = larger * (size + 1);
    if (partition < in_larger) return partition / (size + 1);
    return larger + (partition - in_larger) / size;
  }
};

// Which piece each reader gets: who has most of a piece keeps it, the rest goes in order.
std::vector<std::int32_t> deal(const AssignorInput& input, Cut cut, const std::vector<Index>& readers,
                               const std::vector<Uuid>& topics) {
  constexpr std::int32_t none = -1;
  std::vector<std::tuple<std::int32_t, std::size_t, std::int32_t>> claims;  // −overlap, reader, piece
  for (std::size_t reader = 0; reader < readers.size(); reader++) {
    std::map<std::int32_t, std::int32_t> overlap;
    for (const Uuid& topic : topics)
      if (const auto owned = input.members[readers[reader]].owned.find(topic);
          owned != input.members[readers[reader]].owned.end())
        for (const std::int32_t partition : owned->second)
          if (partition < cut.partitions) overlap[cut.piece_of(partition)]++;
    for (const auto& [piece, count] : overlap) claims.emplace_back(-count, reader, piece);
  }
  std::ranges::sort(claims);

  std::vector<std::int32_t> piece_of(readers.size(), none);
  std::vector<bool> given(readers.size());
  for (const auto& [overlap, reader, piece] : claims) {
    if (piece_of[reader] != none || given[static_cast<std::size_t>(piece)]) continue;
    piece_of[reader] = piece;
    given[static_cast<std::size_t>(piece)] = true;
  }
  std::size_t next = 0;
  for (std::int32_t& piece : piece_of) {
    if (piece != none) continue;
    while (given[next]) next++;
    given[next] = true;
    piece = static_cast<std::int32_t>(next);
  }
  return piece_of;
}

// Members that are known by an instance id come first.
std::vector<Index> in_order(const AssignorInput& input) {
  std::vector<Index> order(input.members.size());
  for (Index i = 0; i < order.size(); i++) order[i] = i;
  std::ranges::sort(order, {}, [&](Index i) {
    const AssignorMember& member = input.members[i];
    return std::tuple(!member.instance_id, member.instance_id.value_or(""), member.id);
  });
  return order;
}

}  // namespace

Assignments assign_range(const AssignorInput& input) {
  std::map<Uuid, std::vector<Index>> readers_of;
  for (const Index i : in_order(input))
    for (const Uuid& topic : input.members[i].topics) readers_of[topic].push_back(i);

  std::map<std::pair<std::int32_t, std::vector<Index>>, std::vector<Uuid>> alike;
  for (const auto& [topic, readers] : readers_of)
    alike[{input.partitions.at(topic), readers}].push_back(topic);

  Assignments out(input.members.size());
  for (const auto& [shape, topics] : alike) {
    const auto& [partitions, readers] = shape;
    const Cut cut{partitions, static_cast<std::int32_t>(readers.size())};
    const auto piece_of = deal(input, cut, readers, topics);
    for (std::size_t reader = 0; reader < readers.size(); reader++)
      for (const Uuid& topic : topics)
        for (std::int32_t p = cut.begin(piece_of[reader]); p < cut.begin(piece_of[reader] + 1); p++)
          add(out[readers[reader]], topic, p);
  }
  return out;
}

}  // namespace mq::core
