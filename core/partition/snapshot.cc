// SPDX-License-Identifier: Apache-2.0
// The state of a partition's producers as bytes. It is written for each partition of each segment that is
// sealed, so what follows from what stands before it takes one byte: a number is a varint of its distance
// from what was expected.
#include "core/partition/snapshot.h"

#include <algorithm>

#include "core/partition/wrapping.h"
#include "net/kafka/varint.h"

namespace mq::core {

// Reaches what nobody else has to.
class StoredPartition {
 public:
  using Undo = Producers::Undo;
  static auto& producers(auto& of) { return of.producers_; }
  static auto& transactions(auto& of) { return of.transactions_; }
  static auto& undo(auto& of) { return of.undo_; }
  static auto& undoable_from(auto& of) { return of.undoable_from_; }
};

namespace {

using Parts = StoredPartition;

// The lowest that can say what there is: most partitions have one epoch, and nothing that is not committed.
constexpr std::int64_t format_plain = 1, format_with_epochs = 2, format_with_uncommitted = 3;

struct Open {
  ProducerId producer = -1;
  Offset first = 0;
};
struct StoredUndo {
  Offset first = 0, last = 0;
  std::int16_t epoch = -1;
  std::int32_t sequence = -1, next_sequence = -1;
  bool was_known = false;
  std::pair<ProducerId, Producers::Producer> before = {};  // only its id, where it was not known
};
struct Stored {
  std::int64_t format = 0;
  Offset covers = 0;
  std::vector<std::pair<ProducerId, Producers::Producer>> producers = {};
  std::vector<Open> open = {};
  std::vector<Transactions::Aborted> aborted = {};
  std::vector<Epochs::End> epochs = {};           // from format 2 on
  std::vector<Transactions::Ending> ending = {};  // from format 3 on
  Offset high_watermark = 0, undoable_from = 0;
  bool is_exact = true;
  std::vector<StoredUndo> undo = {};
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
  if (stored.format < format_with_epochs) return;
  Epochs::End before{-1, 0};
  stream.list(stored.epochs, [&](Epochs::End& epoch) {
    stream.number(epoch.epoch, std::int64_t{before.epoch} + 1);
    stream.number(epoch.offset, before.offset);
    before = epoch;
  });
  if (stored.format < format_with_uncommitted) return;
  stream.list(stored.ending, [&](Transactions::Ending& ending) {
    stream.number(ending.producer);
    stream.number(ending.first, stored.covers);
    stream.number(ending.marker, ending.first);
    stream.number(ending.commit);
  });
  stream.number(stored.high_watermark, stored.covers);
  stream.number(stored.undoable_from, stored.high_watermark);
  stream.number(stored.is_exact);
  stream.list(stored.undo, [&](StoredUndo& undo) {
    stream.number(undo.first, stored.covers);
    stream.number(undo.last, undo.first);
    stream.number(undo.epoch, -1);
    stream.number(undo.sequence, -1);
    stream.number(undo.next_sequence, -1);
    stream.number(undo.was_known);
    visit(stream, undo.before, stored.covers, 0);
  });
}

}  // namespace

std::string to_bytes(const PartitionSnapshot& snapshot) {
  const Producers& producers = snapshot.producers;
  Stored stored{.format = format_plain, .covers = snapshot.covers};
  stored.producers.assign(producers.all().begin(), producers.all().end());
  for (const auto& [producer, first] : producers.transactions().all_open())
    stored.open.push_back({producer, first});
  const auto& aborted = producers.transactions().all_aborted();
  stored.aborted.assign(aborted.begin(), aborted.end());
  stored.epochs = snapshot.epochs.all();
  stored.ending = producers.transactions().all_ending();
  stored.high_watermark = snapshot.high_watermark;
  stored.undoable_from = Parts::undoable_from(producers);
  stored.is_exact = snapshot.is_exact;
  for (const auto& [first, last, producer, before, epoch, sequence, next_sequence] : Parts::undo(producers))
    stored.undo.push_back({first,
                           last,
                           epoch,
                           sequence,
                           next_sequence,
                           before.has_value(),
                           {producer, before.value_or(Producers::Producer{})}});
  if (!snapshot.epochs.is_trivial()) stored.format = format_with_epochs;
  if (snapshot.high_watermark < snapshot.covers || !snapshot.is_exact)
    stored.format = format_with_uncommitted;
  Writer writer;
  visit(writer, stored);
  return std::move(writer.out);
}

std::optional<PartitionSnapshot> parse_snapshot(std::string_view bytes) {
  Stored stored;
  Reader reader(bytes);
  visit(reader, stored);
  if (!reader.good() || !reader.at_end()) return {};
  if (stored.format < format_plain || stored.format > format_with_uncommitted) return {};
  if (stored.format < format_with_uncommitted) stored.high_watermark = stored.undoable_from = stored.covers;
  const auto falls = [](const Epochs::End& a, const Epochs::End& b) {
    return a.epoch >= b.epoch || a.offset > b.offset;
  };
  if (std::ranges::adjacent_find(stored.epochs, falls) != stored.epochs.end()) return {};
  PartitionSnapshot snapshot;
  Parts::producers(snapshot.producers).insert(stored.producers.begin(), stored.producers.end());
  Transactions& transactions = Parts::transactions(snapshot.producers);
  for (const Transactions::Ending& ending : stored.ending) {
    transactions.begin(ending.producer, ending.first);
    transactions.end(ending.producer, ending.commit, ending.marker);
  }
  for (const Open& open : stored.open) transactions.begin(open.producer, open.first);
  for (const auto& aborted : stored.aborted) transactions.restore_aborted(aborted);
  for (StoredUndo& undo : stored.undo) {
    std::optional<Producers::Producer> before;
    if (undo.was_known) before = std::move(undo.before.second);
    Parts::undo(snapshot.producers)
        .push_back({undo.first, undo.last, undo.before.first, std::move(before), undo.epoch, undo.sequence,
                    undo.next_sequence});
  }
  Parts::undoable_from(snapshot.producers) = stored.undoable_from;
  snapshot.epochs = Epochs::restored(std::move(stored.epochs));
  snapshot.covers = stored.covers;
  snapshot.high_watermark = stored.high_watermark;
  snapshot.is_exact = stored.is_exact;
  return snapshot;
}

}  // namespace mq::core
