// SPDX-License-Identifier: Apache-2.0
// What would change, and whether it may: dry run, the question, the word that must be typed. Everything that
// deletes or moves goes through go_ahead() before it does.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/frame/print.h"
#include "core/admin/risk.h"

namespace mq::cli {

// No question; yes or no, scripts say -y; the name or the number must be typed, scripts say --confirm, and -y
// does not do.
using admin::Risk;

struct Plan {
  Risk risk = Risk::plain;
  Table table = {};
  std::vector<json::object> rows = {};  // what would change, one for each target
  std::string summary = {};             // "2 topics, 351 MiB. This cannot be undone."
  std::string word = {};                // severe: what must be typed
  std::string word_is = {};             // severe: "the number of topics"
};

// Nothing: go ahead. Otherwise how the command ends: with ok after a dry run (the plan was printed), refused
// when the answer was no or could not be asked.
std::optional<Exit> go_ahead(Context& context, const Arguments& arguments, const Plan& plan);

}  // namespace mq::cli
