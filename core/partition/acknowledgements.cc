// SPDX-License-Identifier: Apache-2.0
#include "core/partition/acknowledgements.h"

#include <limits>
#include <utility>
#include <vector>

namespace mq::core {

void Acknowledgements::wait(Acks acks, Offset last, const Appended& answer, Done done) {
  (acks == Acks::all ? for_all_ : for_leader_).emplace(last, Waiting{answer, std::move(done)});
}

void Acknowledgements::answer_before(Row& row, Offset end) {
  while (!row.empty() && row.begin()->first < end) {
    const auto first = row.extract(row.begin());
    first.mapped().done(first.mapped().answer);
  }
}

void Acknowledgements::refuse_from(Row& row, Offset end, kafka::Error error) {
  Row refused;
  while (!row.empty() && row.rbegin()->first >= end) refused.insert(row.extract(std::prev(row.end())));
  for (auto& [last, waiting] : refused) waiting.done({error, -1, -1});
}

void Acknowledgements::reached(Offset durable_end, Offset high_watermark) {
  answer_before(for_leader_, durable_end);
  answer_before(for_all_, high_watermark);
}

void Acknowledgements::lost(Offset end, kafka::Error error) {
  refuse_from(for_leader_, end, error);
  refuse_from(for_all_, end, error);
}

void Acknowledgements::refuse_all(kafka::Error error) {
  lost(std::numeric_limits<Offset>::min(), error);
}

void Acknowledgements::refuse_uncommitted(kafka::Error error) {
  refuse_from(for_all_, std::numeric_limits<Offset>::min(), error);
}

}  // namespace mq::core
