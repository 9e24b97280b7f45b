// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/record_reader.h"

#include "net/kafka/varint.h"

namespace mq::kafka {

namespace {

// Offsets and times are sums of what peers send: they wrap rather than overflow.
std::int64_t sum(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

std::optional<net::Bytes> nullable_bytes(Cursor& from) {
  const std::int32_t size = from.varint();
  if (size == -1) return std::nullopt;
  return from.bytes(size);
}

bool in_time(std::int64_t timestamp, const RecordRules& rules) {
  if (rules.now < 0 || timestamp == -1) return true;
  std::int64_t latest = 0;
  if (__builtin_add_overflow(rules.now, rules.after_max, &latest)) latest = INT64_MAX;
  return timestamp >= rules.now - rules.before_max && timestamp <= latest;
}

}  // namespace

RecordReader::RecordReader(net::Bytes batch, std::size_t bytes_max) {
  const auto head = BatchHead::parse(batch);
  if (!head || head->batch_length < 0 || head->record_count < 0 || head->size() < BatchHead::bytes ||
      head->size() > batch.size() || head->magic != BatchHead::magic_now) {
    error_ = Error::corrupt_message;
    return;
  }
  head_ = *head;
  count_left_ = head_.record_count;
  left_ = batch.first(head_.size()).subspan(BatchHead::bytes);
  if (head_.codec() == Codec::none || left_.empty()) return;

  auto unpacked = decompress(head_.codec(), left_, bytes_max);
  if (!unpacked) {
    error_ = error_of(static_cast<std::int16_t>(unpacked.error().value()));
    return;
  }
  unpacked_ = std::move(*unpacked);
  left_ = unpacked_.bytes();
}

const Record* RecordReader::next() {
  if (error_ != Error::none) return nullptr;
  if (count_left_ == 0) {
    if (!left_.empty()) error_ = Error::corrupt_message;
    return nullptr;
  }
  Cursor cursor(left_);
  const std::int32_t length = cursor.varint();
  const auto body = cursor.bytes(length);
  if (!cursor.ok() || !read_record(body)) {
    error_ = Error::corrupt_message;
    return nullptr;
  }
  left_ = {body.data() + body.size(), cursor.left()};
  count_left_--;
  return &record_;
}

// The body is to be filled exactly.
bool RecordReader::read_record(net::Bytes body) {
  Cursor cursor(body);
  cursor.byte();  // attributes: there are none yet
  const std::int64_t timestamp_delta = cursor.varlong();
  const std::int32_t offset_delta = cursor.varint();
  record_.offset = sum(head_.base_offset, offset_delta);
  record_.timestamp =
      head_.log_append_time() ? head_.max_timestamp : sum(head_.base_timestamp, timestamp_delta);
  record_.key = nullable_bytes(cursor);
  record_.value = nullable_bytes(cursor);
  return read_headers(cursor) && cursor.ok() && cursor.left() == 0;
}

bool RecordReader::read_headers(Cursor& from) {
  const std::int32_t count = from.varint();
  headers_.clear();
  record_.headers = {};
  if (count < 0 || static_cast<std::size_t>(count) > from.left()) return false;
  for (std::int32_t i = 0; i < count && from.ok(); i++) {
    const auto key = from.bytes(from.varint());
    headers_.push_back({{reinterpret_cast<const char*>(key.data()), key.size()}, nullable_bytes(from)});
  }
  record_.headers = headers_;
  return from.ok();
}

boost::system::error_code RecordReader::error() const {
  return make_error_code(error_);
}

Error check_records(net::Bytes batch, const RecordRules& rules, std::vector<std::int32_t>& bad,
                    std::int64_t* max_timestamp) {
  bad.clear();
  RecordReader reader(batch);
  Error found = Error::none;
  const auto blame = [&](Error error, std::int32_t index) {
    if (found == Error::none) found = error;
    if (found == error) bad.push_back(index);
  };
  std::int64_t largest = -1;
  std::int32_t index = 0;
  for (; const Record* record = reader.next(); index++) {
    largest = std::max(largest, record->timestamp);
    if (record->offset != sum(reader.head().base_offset, index)) {
      blame(Error::invalid_record, index);
    } else if (rules.key_required && !record->key) {
      blame(Error::invalid_record, index);
    } else if (!in_time(record->timestamp, rules)) {
      blame(Error::invalid_timestamp, index);
    }
  }
  if (max_timestamp) *max_timestamp = largest;
  if (reader.error()) {
    bad.clear();
    if (reader.error() == Error::corrupt_message) return Error::invalid_record;
    return error_of(static_cast<std::int16_t>(reader.error().value()));
  }
  if (std::int64_t{reader.head().last_offset_delta} + 1 != index) {
    bad.clear();
    return Error::invalid_record;
  }
  return found;
}

}  // namespace mq::kafka
