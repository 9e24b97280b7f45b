// SPDX-License-Identifier: Apache-2.0
#include "cli/record_source.h"

#include <charconv>

#include "cli/envelope.h"
#include "cli/input.h"
#include "cli/text.h"

namespace mq::cli {
namespace {

using Got = RecordSource::Got;

std::string too_large(std::size_t bytes_max) {
  return "the record is larger than " + core::format_size(bytes_max);
}

// Splits a key from a text, for lines and for whole inputs.
bool split_key(const SourceOptions& options, std::string_view text, Record& record) {
  record.key.reset();
  record.value = text;
  if (!options.key_separator) return true;
  const auto at = text.find(*options.key_separator);
  if (at == text.npos) return options.key_optional;
  record.key = text.substr(0, at);
  record.value = text.substr(at + options.key_separator->size());
  return true;
}

class LineSource : public RecordSource {
 public:
  explicit LineSource(SourceOptions options)
      : RecordSource(std::move(options)), lines_(options_.delimiter, options_.record_bytes_max) {
    plain_ = options_.key_encoding == SourceOptions::Encoding::raw &&
             options_.value_encoding == SourceOptions::Encoding::raw && !options_.empty_null &&
             !options_.null_marker && !options_.skip_empty;
  }

  void feed(std::string_view block, bool at_end) override {
    lines_.feed(block);
    at_end_ = at_end;
  }

  Got next(Record& record) override {
    for (;;) {
      Splitter::Record line;
      if (!lines_.next(line) && !(at_end_ && lines_.rest(line))) return Got::more;
      line_++;
      if (line.too_large) return broken(too_large(options_.record_bytes_max));
      if (options_.crlf && line.bytes.ends_with('\r')) line.bytes.remove_suffix(1);
      const bool split = split_key(options_, line.bytes, record);
      if (!split && options_.skip_empty && line.bytes.empty()) continue;
      if (!split) return broken("no key separator in it");
      if (plain_) return Got::record;
      bool skip = false;
      const Got got = dress(record, skip);
      if (!skip) return got;
    }
  }

 private:
  Splitter lines_;
  bool at_end_ = false;
  bool plain_;
};

class RawSource : public RecordSource {
 public:
  using RecordSource::RecordSource;

  void feed(std::string_view block, bool at_end) override {
    at_end_ = at_end;
    if (text_.size() + block.size() > options_.record_bytes_max) too_large_ = true;
    if (!too_large_) text_.append(block);
  }

  Got next(Record& record) override {
    if (!at_end_ || given_) return Got::more;
    given_ = true;
    line_ = 1;
    if (too_large_) return broken(too_large(options_.record_bytes_max));
    if (!split_key(options_, text_, record)) return broken("no key separator in it");
    bool skip = false;
    const Got got = dress(record, skip);
    return skip ? Got::more : got;
  }

 private:
  std::string text_;
  bool at_end_ = false, given_ = false, too_large_ = false;
};

class JsonSource : public RecordSource {
 public:
  explicit JsonSource(SourceOptions options)
      : RecordSource(std::move(options)), lines_("\n", 2 * options_.record_bytes_max) {}

  void feed(std::string_view block, bool at_end) override {
    lines_.feed(block);
    at_end_ = at_end;
  }

  Got next(Record& record) override {
    for (;;) {
      Splitter::Record line;
      if (!lines_.next(line) && !(at_end_ && lines_.rest(line))) return Got::more;
      line_++;
      if (line.too_large) return broken(too_large(options_.record_bytes_max));
      if (line.bytes.find_first_not_of(" \t\r") == line.bytes.npos) continue;  // a blank line says nothing
      std::string why = read_envelope(line.bytes, record, decoded_);
      if (!why.empty()) return broken(std::move(why));
      return Got::record;
    }
  }

 private:
  Splitter lines_;
  bool at_end_ = false;
};

// Rows of RFC 4180: fields in quotes may hold commas, newlines and doubled quotes.
class CsvSource : public RecordSource {
 public:
  using RecordSource::RecordSource;

  void feed(std::string_view block, bool at_end) override {
    text_.erase(0, at_);
    scanned_ -= at_;
    at_ = 0;
    text_.append(block);
    at_end_ = at_end;
  }

  Got next(Record& record) override {
    for (;;) {
      if (!row()) return text_.size() - at_ > options_.record_bytes_max ? broken(skip_all()) : Got::more;
      line_++;
      if (fields_.size() == 1 && fields_[0].empty()) continue;
      if (!columns_.empty()) return fill(record);
      columns_ = fields_;
      for (const std::string& column : columns_)
        if (column != "key" && column != "value" && column != "timestamp" && column != "partition" &&
            !column.starts_with("header:"))
          return broken("unknown column \"" + column +
                        "\"; known are key, value, timestamp, partition and header:NAME");
    }
  }

 private:
  std::string skip_all() {
    at_ = scanned_ = text_.size();
    return too_large(options_.record_bytes_max);
  }

  // Finds the end of a row and cuts it; false: it is not there yet.
  bool row() {
    for (; scanned_ < text_.size(); scanned_++) {
      if (text_[scanned_] == '"') quoted_ = !quoted_;
      if (text_[scanned_] == '\n' && !quoted_) return cut(scanned_, scanned_ + 1);
    }
    return at_end_ && at_ < text_.size() && cut(text_.size(), text_.size());
  }

  bool cut(std::size_t end, std::size_t after) {
    std::string_view row(text_.data() + at_, end - at_);
    if (row.ends_with('\r')) row.remove_suffix(1);
    fields_.assign(1, "");
    bool quoted = false;
    for (std::size_t i = 0; i < row.size(); i++) {
      if (row[i] == '"' && quoted && i + 1 < row.size() && row[i + 1] == '"') {
        fields_.back() += row[i++];
      } else if (row[i] == '"') {
        quoted = !quoted;
      } else if (row[i] == ',' && !quoted) {
        fields_.emplace_back();
      } else {
        fields_.back() += row[i];
      }
    }
    at_ = scanned_ = after;
    quoted_ = false;
    return true;
  }

  Got fill(Record& record) {
    record = {};
    if (fields_.size() != columns_.size())
      return broken(std::to_string(fields_.size()) + " fields, but " + std::to_string(columns_.size()) +
                    " columns");
    for (std::size_t i = 0; i < columns_.size(); i++) {
      const std::string& field = fields_[i];
      if (columns_[i] == "key") {
        record.key = field;
      } else if (columns_[i] == "value") {
        record.value = field;
      } else if (columns_[i] == "partition") {
        const auto n = core::parse_integer(field, 0, INT32_MAX);
        if (!n) return broken("partition: " + n.error().why);
        record.partition = static_cast<std::int32_t>(*n);
      } else if (columns_[i] == "timestamp") {
        const auto at = parse_time(field, Now::here(true));
        if (!at) return broken("timestamp: " + at.error().why);
        record.timestamp = *at;
      } else {
        record.headers.push_back({std::string_view(columns_[i]).substr(7), field});
      }
    }
    bool skip = false;
    return dress(record, skip);
  }

  std::string text_;
  std::size_t at_ = 0, scanned_ = 0;
  bool quoted_ = false, at_end_ = false;
  std::vector<std::string> columns_, fields_;
};

class FormatSource : public RecordSource {
 public:
  FormatSource(SourceOptions options, std::shared_ptr<const Format> format)
      : RecordSource(std::move(options)), format_(std::move(format)), reader_(*format_) {}

  void feed(std::string_view block, bool at_end) override {
    text_.erase(0, at_);
    at_ = 0;
    text_.append(block);
    at_end_ = at_end;
  }

  Got next(Record& record) override {
    const auto left = std::string_view(text_).substr(at_);
    if (left.empty()) return Got::more;
    if (left.size() > 2 * options_.record_bytes_max) return give_up(too_large(options_.record_bytes_max));
    const auto result = reader_.read(left, at_end_, record);
    if (result.outcome == FormatReader::Outcome::more) return Got::more;
    line_++;
    if (result.outcome == FormatReader::Outcome::broken || result.consumed == 0)
      return give_up("it does not fit the format from its byte " + std::to_string(result.consumed + 1) +
                     " on");
    at_ += result.consumed;
    bool skip = false;
    const Got got = dress(record, skip);
    return skip ? next(record) : got;
  }

 private:
  // Where the next record begins is not known; the next line is as good a place as any.
  Got give_up(std::string why) {
    const auto newline = text_.find('\n', at_);
    at_ = newline == text_.npos ? text_.size() : newline + 1;
    return broken(std::move(why));
  }

  std::shared_ptr<const Format> format_;
  FormatReader reader_;
  std::string text_;
  std::size_t at_ = 0;
  bool at_end_ = false;
};

}  // namespace

Got RecordSource::broken(std::string why) {
  wrong_ = std::move(why);
  return Got::broken;
}

bool RecordSource::decode(SourceOptions::Encoding encoding, std::optional<std::string_view>& bytes) {
  if (!bytes || encoding == SourceOptions::Encoding::raw) return true;
  auto raw = encoding == SourceOptions::Encoding::hex ? from_hex(*bytes) : from_base64(*bytes);
  if (!raw) return false;
  bytes = decoded_.emplace_back(std::move(*raw));
  return true;
}

Got RecordSource::dress(Record& record, bool& skip) {
  decoded_.clear();
  skip = options_.skip_empty && record.value && record.value->empty() && !record.key;
  if (skip) return Got::more;
  const bool marked = options_.null_marker && record.value && *record.value == *options_.null_marker;
  if (marked || (options_.empty_null && record.value && record.value->empty())) record.value.reset();
  if (!decode(options_.key_encoding, record.key)) return broken("the key cannot be decoded");
  if (!decode(options_.value_encoding, record.value)) return broken("the value cannot be decoded");
  return Got::record;
}

std::unique_ptr<RecordSource> line_source(SourceOptions options) {
  return std::make_unique<LineSource>(std::move(options));
}
std::unique_ptr<RecordSource> raw_source(SourceOptions options) {
  return std::make_unique<RawSource>(std::move(options));
}
std::unique_ptr<RecordSource> json_source(SourceOptions options) {
  return std::make_unique<JsonSource>(std::move(options));
}
std::unique_ptr<RecordSource> csv_source(SourceOptions options) {
  return std::make_unique<CsvSource>(std::move(options));
}
std::unique_ptr<RecordSource> format_source(SourceOptions options, std::shared_ptr<const Format> format) {
  return std::make_unique<FormatSource>(std::move(options), std::move(format));
}

}  // namespace mq::cli
