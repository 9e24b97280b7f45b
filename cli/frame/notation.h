// SPDX-License-Identifier: Apache-2.0
// Values in the notations of other programs: JSON, YAML, and the cells of CSV and TSV. Pure.
#pragma once

#include <boost/json.hpp>
#include <string>

namespace mq::cli {

namespace json = boost::json;

std::string to_json(const json::value& value, bool indent);  // no newline behind it
std::string to_yaml(const json::value& value);               // whole lines
std::string csv_cell(const std::string& text);               // RFC 4180: quoted where it must be
std::string tsv_cell(const std::string& text);               // tabs and newlines as \t and \n

}  // namespace mq::cli
