// SPDX-License-Identifier: Apache-2.0
// What came of a load, for people and for programs, and how it differs from an earlier one. Pure.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>

#include "cli/bench_options.h"

namespace mq::cli {

// All that is known of a result: the one source of both outputs.
boost::json::object bench_result(const BenchOptions& options, const std::string& topic,
                                 const bench::Load& load, const std::optional<bench::Findings>& findings);

// The table. With `before`, another result, what became of each number since.
std::string bench_table(const boost::json::object& result, const boost::json::object* before);

// One line of how it goes.
std::string bench_progress(const bench::Lately& lately);

boost::json::object histogram_json(const bench::Histogram& histogram);
std::string latency_text(double ns);  // "0.9 ms"

}  // namespace mq::cli
