// SPDX-License-Identifier: Apache-2.0
// The state of a partition's producers as bytes. It is written for each partition of each segment that is
// sealed, so what follows from what stands before it takes one byte: a number is a varint of its distance
// from what was expected.
#include <algorithm>

#include "core/partition/producers.h"
#include "core/partition/wrapping.h"
#include "net/kafka/varint.h"

namespace mq::core {
namespace {

constexpr std::int64_t format = 2;  // 1: without epochs

struct Open {
  ProducerId producer = -1;
  Offset first = 0;
};
struct Stored {
  std::int64_t format = 0;
  Offset covers = 0;
  std::vector<std::pair<ProducerId, Producers::Producer>> producers = {};
  std::vector<Open> open = {};
  std::vector<Transactions::Aborted> aborted = {};
  std::vector<Epochs::End> epochs = {};  // format 2
};

class Writer {
 public:
  template <class T>
  void number(T& value, std::int64_t expected = 0) {
    std::byte bytes[10];
    const std::byte* const end = kafka::put_varint(bytes, wrapping_difference(value, expected));
    out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(end - bytes));
  }
  template <class List, class Each>
  void list(List& items, Each each) {
    auto count = static_cast<std::int64_t>(items.size());
    number(count);
    for (auto& item : items) each(item);
  }
  std::string out;
};

class Reader {
 public:
  explicit Reader(std::string_view in) : in_(std::as_bytes(std::span(in))) {}

  template <class T>
  void number(T& value, std::int64_t expected = 0) {
    const std::int64_t read = wrapping_sum(expected, in_.varlong());
    value = static_cast<T>(read);
    good_ &= value == read;
  }
  template <class List, class Each>
  void list(List& items, Each each) {
    std::int64_t count = 0;
    number(count);
    for (good_ &= count >= 0; count > 0 && good(); count--) {
      if (items.size() == items.max_size()) {
        good_ = false;
        return;
      }
      each(items.emplace_back());
    }
  }
  bool good() const { return good_ && in_.ok(); }
  bool at_end() const { return in_.left() == 0; }

 private:
  kafka::Cursor in_;
  bool good_ = true;
};

void visit(auto& stream, std::pair<ProducerId, Producers::Producer>& stored, Offset covers, Timestamp seen) {
  Producers::Producer& producer = stored.second;
  stream.number(stored.first);
  stream.number(producer.epoch);
  stream.number(producer.seen, seen);
  stream.number(producer.coordinator_epoch, -1);
  stream.number(producer.resumes_at);
  std::int64_t sequence = 0, offset = covers, time = -1;
  stream.list(producer.batches, [&](Producers::Batch& batch) {
    stream.number(batch.first_sequence, sequence);
    stream.number(batch.first, offset);
    stream.number(batch.last, batch.first);
    stream.number(batch.last_sequence,
                  wrapping_sum(batch.first_sequence, wrapping_difference(batch.last, batch.first)));
    stream.number(batch.time, time);
    sequence = std::int64_t{batch.last_sequence} + 1, offset = wrapping_sum(batch.last, 1), time = batch.time;
  });
}

void visit(auto& stream, Stored& stored) {
  stream.number(stored.format);
  stream.number(stored.covers);
  Timestamp seen = 0;
  stream.list(stored.producers, [&](auto& producer) {
    visit(stream, producer, stored.covers, seen);
    seen = producer.second.seen;
  });
  stream.list(stored.open, [&](Open& open) {
    stream.number(open.producer);
    stream.number(open.first, stored.covers);
  });
  stream.list(stored.aborted, [&](Transactions::Aborted& aborted) {
    stream.number(aborted.producer);
    stream.number(aborted.first, stored.covers);
    stream.number(aborted.last, aborted.first);
    stream.number(aborted.stable, aborted.first);
  });
  if (stored.format < 2) return;
  Epochs::End before{-1, 0};
  stream.list(stored.epochs, [&](Epochs::End& epoch) {
    stream.number(epoch.epoch, std::int64_t{before.epoch} + 1);
    stream.number(epoch.offset, before.offset);
    before = epoch;
  });
}

}  // namespace

std::string Producers::snapshot(Offset covers, const Epochs& epochs) const {
  Stored stored{.format = epochs.is_trivial() ? 1 : format, .covers = covers};
  stored.epochs = epochs.all();
  stored.producers.assign(producers_.begin(), producers_.end());
  for (const auto& [producer, first] : transactions_.all_open()) stored.open.push_back({producer, first});
  const auto& aborted = transactions_.all_aborted();
  stored.aborted.assign(aborted.begin(), aborted.end());
  Writer writer;
  visit(writer, stored);
  return std::move(writer.out);
}

std::optional<Producers::Restored> Producers::restore(std::string_view snapshot) {
  Stored stored;
  Reader reader(snapshot);
  visit(reader, stored);
  if (!reader.good() || !reader.at_end() || stored.format < 1 || stored.format > format) return {};
  Restored all;
  Producers& restored = all.producers;
  restored.producers_.insert(stored.producers.begin(), stored.producers.end());
  for (const Open& open : stored.open) restored.transactions_.begin(open.producer, open.first);
  for (const auto& aborted : stored.aborted) restored.transactions_.restore_aborted(aborted);
  const auto falls = [](const Epochs::End& a, const Epochs::End& b) {
    return a.epoch >= b.epoch || a.offset > b.offset;
  };
  if (std::ranges::adjacent_find(stored.epochs, falls) != stored.epochs.end()) return {};
  all.epochs = Epochs::restored(std::move(stored.epochs));
  all.covers = stored.covers;
  return all;
}

}  // namespace mq::core
