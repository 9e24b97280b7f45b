// SPDX-License-Identifier: Apache-2.0
#include "cli/records/record_source.h"

#include "cli/records/input.h"
#include "core/admin/envelope.h"
#include "core/admin/text.h"

namespace mq::cli {
namespace {

using Got = RecordSource::Got;

// Splits a key from a text, for lines and for whole inputs.
bool split_key(const SourceOptions& options, std::string_view text, admin::Record& record) {
  record.key.reset();
  record.value = text;
  if (!options.key_separator) return true;
  const auto at = text.find(*options.key_separator);
  if (at == text.npos) return options.key_optional;
  record.key = text.substr(0, at);
  record.value = text.substr(at + options.key_separator->size());
  return true;
}

// The lines of an input, without the byte order mark before the first.
class Lines {
 public:
  Lines(std::string delimiter, std::size_t bytes_max) : splitter_(std::move(delimiter), bytes_max) {}

  void feed(std::string_view block, bool at_end) {
    splitter_.feed(block);
    at_end_ = at_end;
  }

  bool next(Splitter::Record& line) {
    const bool whole = splitter_.next(line);
    if (!whole && !(at_end_ && splitter_.rest(line))) return false;
    count_++;
    if (count_ > 1 || !line.bytes.starts_with(admin::byte_order_mark)) return true;
    line.bytes.remove_prefix(admin::byte_order_mark.size());
    return whole || !line.bytes.empty();  // a mark alone is an empty input
  }

  std::uint64_t count() const { return count_; }

 private:
  Splitter splitter_;
  bool at_end_ = false;
  std::uint64_t count_ = 0;
};

class LineSource : public RecordSource {
 public:
  explicit LineSource(SourceOptions options)
      : RecordSource(std::move(options)), lines_(options_.delimiter, options_.record_bytes_max) {
    plain_ = options_.key_encoding == SourceOptions::Encoding::raw &&
             options_.value_encoding == SourceOptions::Encoding::raw && !options_.empty_null &&
             !options_.null_marker && !options_.skip_empty;
  }

  void feed(std::string_view block, bool at_end) override { lines_.feed(block, at_end); }

  Got next(admin::Record& record) override {
    for (;;) {
      Splitter::Record line;
      if (!lines_.next(line)) return Got::more;
      line_ = lines_.count();
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
  Lines lines_;
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

  Got next(admin::Record& record) override {
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

// An object on each line, or over several as --pretty and rpk print it: from a line "{" to a line "}".
class JsonSource : public RecordSource {
 public:
  explicit JsonSource(SourceOptions options)
      : RecordSource(std::move(options)), lines_("\n", 2 * options_.record_bytes_max) {}

  void feed(std::string_view block, bool at_end) override {
    lines_.feed(block, at_end);
    at_end_ = at_end;
  }

  Got next(admin::Record& record) override {
    Splitter::Record line;
    while (lines_.next(line)) {
      if (line.too_large || object_.size() + line.bytes.size() > 2 * options_.record_bytes_max)
        return give_up(too_large(options_.record_bytes_max));
      if (line.bytes.ends_with('\r')) line.bytes.remove_suffix(1);
      if (!object_.empty() || line.bytes == "{") {
        if (object_.empty()) begun_ = lines_.count();
        object_.append(line.bytes) += '\n';
        if (line.bytes == "}") return read(std::exchange(object_, {}), begun_, record);
      } else if (line.bytes.find_first_not_of(" \t") != line.bytes.npos) {  // a blank line says nothing
        return read(line.bytes, lines_.count(), record);
      }
    }
    return at_end_ && !object_.empty() ? give_up("an object that does not end") : Got::more;
  }

 private:
  Got read(std::string_view object, std::uint64_t line, admin::Record& record) {
    line_ = line;
    std::string why = admin::read_envelope(object, record, decoded_);
    return why.empty() ? Got::record : broken(std::move(why));
  }

  Got give_up(std::string why) {
    line_ = object_.empty() ? lines_.count() : begun_;
    object_.clear();
    return broken(std::move(why));
  }

  Lines lines_;
  std::string object_;       // what is there of one that lies on several lines
  std::uint64_t begun_ = 0;  // its first line
  bool at_end_ = false;
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

  Got next(admin::Record& record) override {
    for (;;) {
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
      if (!skip) return got;
    }
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

std::string RecordSource::too_large(std::size_t bytes_max) {
  return "the record is larger than " + core::format_size(bytes_max);
}

Got RecordSource::broken(std::string why) {
  wrong_ = std::move(why);
  return Got::broken;
}

bool RecordSource::decode(SourceOptions::Encoding encoding, std::optional<std::string_view>& bytes) {
  if (!bytes || encoding == SourceOptions::Encoding::raw) return true;
  auto raw = encoding == SourceOptions::Encoding::hex ? admin::from_hex(*bytes) : admin::from_base64(*bytes);
  if (!raw) return false;
  bytes = decoded_.emplace_back(std::move(*raw));
  return true;
}

Got RecordSource::dress(admin::Record& record, bool& skip) {
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
std::unique_ptr<RecordSource> format_source(SourceOptions options, std::shared_ptr<const Format> format) {
  return std::make_unique<FormatSource>(std::move(options), std::move(format));
}

}  // namespace mq::cli
