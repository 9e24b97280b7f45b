// SPDX-License-Identifier: Apache-2.0
// A line on stdout for each record that was acknowledged. Lives on the client's loop.
#pragma once

#include <optional>
#include <string>

#include "cli/frame/output.h"
#include "cli/records/format.h"
#include "core/client/producer.h"

namespace mq::cli {

class Receipts {
 public:
  // `format` empty: "orders[2]@17".
  Receipts(std::string topic, std::optional<Format> format, bool json, bool utc);

  void write(Output& out, const client::Delivery& delivery);

 private:
  void write_json(const admin::Record& record);

  std::string topic_;
  Format format_;
  bool json_, utc_;
  std::string text_;
};

}  // namespace mq::cli
