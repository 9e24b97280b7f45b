// SPDX-License-Identifier: Apache-2.0
// Rows of RFC 4180: fields in quotes may hold commas, newlines and doubled quotes. The first row names the
// columns.
#include <algorithm>

#include "cli/frame/errors.h"
#include "cli/records/record_source.h"
#include "core/admin/position.h"
#include "core/admin/text.h"
#include "core/config/scalars.h"

namespace mq::cli {
namespace {

using Got = RecordSource::Got;

// Cuts rows into fields, byte by byte, wherever blocks end.
class Rows {
 public:
  explicit Rows(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  void feed(std::string_view block, bool at_end) {
    at_end_ = at_end;
    left_ = block;
    if (headless_) skip_mark(block);
  }

  // The next row is whole; false: feed more.
  bool next() {
    while (!left_.empty()) {
      const char c = left_.front();
      left_.remove_prefix(1);
      if (!begun_) begin();
      if (take(c)) return end();
    }
    return at_end_ && begun_ && end();
  }

  const std::vector<std::string>& fields() const { return fields_; }
  bool blank() const { return blank_; }                // there is not even a comma in it
  std::uint64_t line() const { return line_; }         // where it begins
  const std::string& wrong() const { return wrong_; }  // what is wrong with it, or ""

 private:
  // At the start of a field, in one without quotes, in one with quotes, behind its last quote.
  enum class State { start, plain, quoted, closed };

  void skip_mark(std::string_view block) {
    head_.append(block);
    left_ = {};
    if (head_.size() < admin::byte_order_mark.size() && !at_end_) return;
    headless_ = false;
    left_ = head_;
    if (left_.starts_with(admin::byte_order_mark)) left_.remove_prefix(admin::byte_order_mark.size());
  }

  void begin() {
    begun_ = true;
    fields_.assign(1, "");
    state_ = State::start;
    bytes_ = 0;
    wrong_.clear();
    blank_ = true;
    line_ = newlines_ + 1;
  }

  // True: that was the end of the row.
  bool take(char c) {
    if (c == '\n') newlines_++;
    if (state_ == State::quoted && c != '"') return add(c), false;
    if (c == '\n') return true;
    if (c != '\r') blank_ = false;
    if (c == '"') {
      quote();
    } else if (c == ',') {
      next_field();
    } else if (state_ == State::closed) {
      if (c != '\r') fail("text behind a field in quotes");
    } else {
      state_ = State::plain;
      add(c);
    }
    return false;
  }

  void quote() {
    if (state_ == State::plain) return fail("a quote in a field that does not begin with one");
    if (state_ == State::closed) add('"');  // a doubled one
    state_ = state_ == State::quoted ? State::closed : State::quoted;
  }

  void add(char c) {
    if (has_room(1)) fields_.back() += c;
  }

  void next_field() {
    state_ = State::start;
    if (has_room(sizeof(std::string))) fields_.emplace_back();
  }

  bool has_room(std::size_t bytes) {
    bytes_ += bytes;
    if (bytes_ > bytes_max_) fail("the row is too large");
    return bytes_ <= bytes_max_;
  }

  bool end() {
    begun_ = false;
    if (state_ == State::quoted) fail("a quote that is not closed");
    if (state_ == State::plain && fields_.back().ends_with('\r')) fields_.back().pop_back();
    return true;
  }

  void fail(std::string_view why) {
    if (wrong_.empty()) wrong_ = why;
  }

  const std::size_t bytes_max_;
  std::string head_;  // the first bytes, until it is known whether they are a mark
  bool headless_ = true;
  std::string_view left_;
  bool at_end_ = false;

  std::vector<std::string> fields_;
  State state_ = State::start;
  bool begun_ = false, blank_ = true;
  std::size_t bytes_ = 0;
  std::uint64_t newlines_ = 0, line_ = 0;
  std::string wrong_;
};

class CsvSource : public RecordSource {
 public:
  explicit CsvSource(SourceOptions options)
      : RecordSource(std::move(options)), rows_(options_.record_bytes_max) {}

  void feed(std::string_view block, bool at_end) override { rows_.feed(block, at_end); }

  Got next(admin::Record& record) override {
    while (rows_.next()) {
      line_ = rows_.line();
      if (rows_.blank()) continue;
      if (!rows_.wrong().empty()) return broken(rows_.wrong());
      if (!columns_.empty()) return unusable_.empty() ? fill(record) : broken(unusable_);
      columns_ = rows_.fields();
      unusable_ = wrong_with_columns();
      if (!unusable_.empty()) return broken(unusable_);
    }
    return Got::more;
  }

 private:
  // Without a column that says so there is no value, and that would write tombstones.
  std::string wrong_with_columns() const {
    for (const std::string& column : columns_) {
      if (column.starts_with("header:")) continue;
      if (column != "key" && column != "value" && column != "timestamp" && column != "partition")
        return "unknown column " + in_quotes(column) +
               "; known are key, value, timestamp, partition and header:NAME";
      if (std::ranges::count(columns_, column) > 1) return "two columns " + in_quotes(column);
    }
    if (std::ranges::count(columns_, "value") == 0) return "there is no column \"value\" in the first row";
    return "";
  }

  Got fill(admin::Record& record) {
    const std::vector<std::string>& fields = rows_.fields();
    record = {};
    if (fields.size() != columns_.size())
      return broken(std::to_string(fields.size()) + " fields, but " + std::to_string(columns_.size()) +
                    " columns");
    for (std::size_t i = 0; i < columns_.size(); i++) {
      const std::string& field = fields[i];
      if (columns_[i] == "key") {
        record.key = field;
      } else if (columns_[i] == "value") {
        record.value = field;
      } else if (columns_[i] == "partition") {
        const auto n = core::parse_integer(field, 0, INT32_MAX);
        if (!n) return broken("partition: " + n.error().why);
        record.partition = static_cast<std::int32_t>(*n);
      } else if (columns_[i] == "timestamp") {
        const auto at = admin::parse_time(field, admin::Now::here(true));
        if (!at) return broken("timestamp: " + at.error().why);
        if (*at < 0) return broken("timestamp: a time before 1970");
        record.timestamp = *at;
      } else {
        record.headers.push_back({std::string_view(columns_[i]).substr(7), field});
      }
    }
    bool skip = false;
    return dress(record, skip);
  }

  Rows rows_;
  std::vector<std::string> columns_;
  std::string unusable_;  // what is wrong with them, and so with all that follows
};

}  // namespace

std::unique_ptr<RecordSource> csv_source(SourceOptions options) {
  return std::make_unique<CsvSource>(std::move(options));
}

}  // namespace mq::cli
