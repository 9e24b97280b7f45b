// SPDX-License-Identifier: Apache-2.0
// How records look on stdout: -o and -f of the commands that read records. Values go straight from the
// fetched batch into the output's buffer. Used by one thread.
#pragma once

#include <optional>
#include <string>

#include "cli/frame/output.h"
#include "cli/records/format.h"
#include "core/admin/envelope.h"
#include "core/admin/found_record.h"

namespace mq::cli {

struct PrinterOptions {
  enum class What { value, raw, kv, json, pretty, hex, none, format };
  What what = What::value;
  std::string delimiter = "\n", key_separator = "\t";
  std::optional<std::string> null_text = {};
  admin::Envelope envelope = {};
  bool over_lines = false;  // envelopes
  std::optional<Format> format = {};
  bool utc = false, color = false;
  bool for_terminal = false;  // what a record holds must not drive it
};

class Printer {
 public:
  explicit Printer(PrinterOptions options);

  void print(Output& out, const admin::FoundRecord& found);
  void write(std::string& to, const admin::FoundRecord& found);  // the same bytes, for later

 private:
  void envelope(std::string& to);
  void text(std::string& to, std::string_view bytes);
  void pretty(std::string& to);
  void dump(std::string& to);
  void metadata(std::string& to);

  PrinterOptions options_;
  admin::Record record_;
  std::string text_;
};

}  // namespace mq::cli
