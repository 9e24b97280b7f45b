// SPDX-License-Identifier: Apache-2.0
// Rows → a table for people, or JSON, YAML, CSV … for programs. A row is a JSON object; columns say how
// people see its fields. Pure but for print(), which writes.
#pragma once

#include <boost/json.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/frame/command.h"
#include "cli/frame/notation.h"

namespace mq::cli {

namespace json = boost::json;

enum class Unit { plain, count, bytes, milliseconds };  // how a number is written for people

struct Column {
  std::string_view field;  // of the row: "size_bytes"
  std::string_view title;  // "SIZE"
  Unit unit = Unit::plain;
  bool wide = false;  // only with -o wide
};

struct Table {
  std::vector<Column> columns;
  std::string_view name;  // the field that -o name prints
  // How people see one row instead (describe); null: as a line of the table.
  std::function<std::string(const Context&, const json::object&, bool exact)> page = nullptr;
  bool apart = false;  // a blank line between two pages
};

// What the shared flags of `rows` say.
struct Layout {
  std::string format = "table";
  std::vector<std::string> fields;  // --columns; empty: those of the table
  std::string sort;                 // "-size_bytes"
  std::size_t limit = any;
  bool headers = true;
  bool exact = false;
  bool indent = false;      // JSON for a terminal
  std::size_t width = any;  // the last column is cut to it
  bool unicode = true;

  static Layout from(const Context& context, const Arguments& arguments);
};

enum class Shape { list, single };  // JSON: an array always, or an object when there is one row

// The text for these rows. Throws UsageError for a field that no row has.
std::string render(const Table& table, std::vector<json::object> rows, const Layout& layout, Shape shape,
                   const Context& context);

// Renders and writes; returns `exit`, for `return print(…)`.
Exit print(Context& context, const Arguments& arguments, const Table& table, std::vector<json::object> rows,
           Shape shape = Shape::list, Exit exit = Exit::ok);

// Is this format for people?
bool is_human(std::string_view format);

// Pieces for pages: aligned columns without titles of their own, numbers as people write them.
std::string aligned(const std::vector<std::vector<std::string>>& lines, const std::vector<bool>& right);
std::string text_of(const json::object& row, std::string_view field);  // "–" where there is none
std::string human_count(std::int64_t n, bool exact);  // 1204311 → "1.2 M", from a million up
std::string human_bytes(std::int64_t n, bool exact);  // "830 MiB"
std::string human_ms(std::int64_t ms);                // "250 ms", "4.1 s", "11 m 17 s", "2 h 4 m"
// "1 topic", "2 topics", "3 batches", "1.2 M records"
std::string counted(std::int64_t n, std::string_view what, bool exact = true);
std::string printable(std::string_view text);  // control characters as \x1b

}  // namespace mq::cli
