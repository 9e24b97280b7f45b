// SPDX-License-Identifier: Apache-2.0
// What the topic commands share: the way to the cluster, settings as people write them, and results per
// target.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/frame/print.h"
#include "core/admin/rows.h"
#include "core/admin/topic.h"
#include "core/client/cluster.h"

namespace mq::cli {

client::Options client_options(const Context& context);

// The answer, or its failure as an exception that ends the command.
template <class T>
T must(client::Answer<T> answer, std::string_view what = "topic") {
  if (!answer) throw FailureError(failure_from(answer.error(), what));
  return std::move(*answer);
}

void notice_without_effect(const Context& context, const std::string& key);
std::string human_setting(std::string_view key, const std::string& wire);

// KEY=VALUE as people write it → key and wire value; throws UsageError with the key that was probably meant.
std::pair<std::string, std::string> parse_setting(const std::string& given);
void check_setting_key(const std::string& key);

// Reports what is missing. How the command ends: partial when there were others, ok when nothing is missing.
Exit report_missing(const Context& context, const std::vector<admin::Missing>& missing, bool others);

// What became of one target of a command that changes something.
struct Outcome {
  json::object row;  // {"topic":…,"action":…,"status":…}
  std::optional<Failure> failure;
};
Outcome outcome(std::string_view topic, std::string_view action, std::string_view status);
Outcome failed(std::string_view topic, std::string_view action, Failure failure);
// Prints the rows, reports the failures; partial when some went well and some did not.
Exit conclude(Context& context, const Arguments& arguments, const Table& table,
              std::vector<Outcome> outcomes);
Exit exit_of(const std::vector<Outcome>& outcomes);

}  // namespace mq::cli
