// SPDX-License-Identifier: Apache-2.0
#include "core/http/request.h"

#include <algorithm>
#include <charconv>

#include "core/admin/position.h"
#include "core/admin/selector.h"
#include "core/base64.h"

namespace mq::http {

namespace {

constexpr std::size_t body_bytes_max = 1u << 20;
constexpr std::int64_t rows_default = 100, rows_max = 1000;

const Parameter list_rows[] = {{"limit", "rows at most, 100 unless set, up to 1000", Parameter::Kind::number},
                               {"cursor", "where the page before ended: its \"next\""},
                               {"sort", "a field; with - in front the largest first"},
                               {"filter", "only names that match: a name, a glob such as logs-*, or /regex/"},
                               {"fields", "only these fields, separated by commas"}};

// Numbers by size, texts by letter; what is not there comes last either way.
int compared(const json::value* a, const json::value* b) {
  const bool has_a = a && !a->is_null(), has_b = b && !b->is_null();
  if (!has_a || !has_b) return has_a ? -1 : has_b ? 1 : 0;
  if (a->is_number() && b->is_number()) {
    if (a->is_int64() && b->is_int64())
      return a->as_int64() < b->as_int64() ? -1 : a->as_int64() > b->as_int64();
    const auto x = a->to_number<double>(), y = b->to_number<double>();
    return x < y ? -1 : x > y;
  }
  const std::string x = a->is_string() ? std::string(a->get_string()) : json::serialize(*a);
  const std::string y = b->is_string() ? std::string(b->get_string()) : json::serialize(*b);
  return x.compare(y);
}

struct Order {
  std::string field;  // empty: by name alone
  bool falls = false;
  std::string name;

  bool operator()(const json::object& a, const json::object& b) const {
    const json::value *x = a.if_contains(field), *y = b.if_contains(field);
    int result = field.empty() ? 0 : compared(x, y);
    const bool both = x && y && !x->is_null() && !y->is_null();
    if (falls && both) result = -result;
    if (result == 0) result = compared(a.if_contains(name), b.if_contains(name));
    return result < 0;
  }
};

}  // namespace

const std::span<const Parameter> list_parameters = list_rows;

std::int64_t parse_number(std::string_view name, std::string_view text, std::int64_t min, std::int64_t max) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_one =
      error == std::errc() && end == text.data() + text.size() && number >= min && number <= max;
  if (!is_one)
    throw bad_request(std::string(name) + ": \"" + std::string(text) + "\" is no number from " +
                      std::to_string(min) + " to " + std::to_string(max));
  return number;
}

Task<Places::Held> Places::take(Time::duration patience) {
  const Time deadline = std::chrono::steady_clock::now() + patience;
  while (free_ == 0) {
    if (std::chrono::steady_clock::now() >= deadline)
      throw Problem{.status = 503, .detail = "too many do this at the moment", .retriable = true};
    auto waiter = std::make_shared<core::Waiter>(web_, core::real_clock(), deadline);
    waiting_.add(waiter);
    co_await core::Waiter::wait(waiter);
  }
  co_return Held(*this);
}

std::string Request::text(std::string_view name, std::string_view otherwise) const {
  const std::string* value = query(name);
  return value ? *value : std::string(otherwise);
}

std::int64_t Request::number(std::string_view name, std::int64_t otherwise, std::int64_t min,
                             std::int64_t max) const {
  const std::string* value = query(name);
  return value ? parse_number(name, *value, min, max) : otherwise;
}

bool Request::flag(std::string_view name) const {
  const std::string* value = query(name);
  if (!value || *value == "false") return false;
  if (!value->empty() && *value != "true") throw bad_request(std::string(name) + " is true or false");
  return true;
}

std::int32_t Request::partition() const {
  return static_cast<std::int32_t>(parse_number("partition", path("partition"), 0, INT32_MAX));
}

Task<json::object> Request::json_body() {
  const auto text = co_await exchange.body(body_bytes_max);
  if (!text && text.error() == boost::system::errc::value_too_large)
    throw Problem{.status = 413, .detail = "the body is larger than 1 MiB"};
  if (!text) throw Problem{.status = 408, .detail = "the body did not come"};
  if (text->empty()) co_return json::object{};
  error_code error;
  json::value value = json::parse(*text, error);
  if (error) throw bad_request("the body is no JSON: " + error.message());
  if (!value.is_object()) throw bad_request("the body has to be a JSON object");
  co_return std::move(value.get_object());
}

bool Request::accepts(std::string_view type) const {
  return exchange.head().field("Accept").find(type) != std::string_view::npos;
}

void Request::check() const {
  for (const auto& [name, value] : target_.query) {
    const bool is_known = std::ranges::any_of(
        route_.parameters, [&name = name](const Parameter& parameter) { return parameter.name == name; });
    if (is_known) continue;
    std::string known;
    for (const Parameter& parameter : route_.parameters)
      (known += known.empty() ? "" : ", ") += parameter.name;
    throw bad_request("unknown parameter \"" + name + "\"",
                      known.empty() ? "there are none here" : "known: " + known);
  }
}

net::http::Answer answer_json(const json::value& value, unsigned status) {
  return {.status = status,
          .type = "application/json",
          .body = json::serialize(value) + "\n",
          .fields = {{"Cache-Control", "no-store"}}};
}

Page page_of(const Request& request, std::vector<json::object> rows, std::string_view name) {
  const auto limit = static_cast<std::size_t>(request.number("limit", rows_default, 1, rows_max));
  Order order;
  order.name = name;
  order.field = request.text("sort");
  order.falls = order.field.starts_with('-');
  if (order.falls) order.field.erase(0, 1);
  if (const std::string filter = request.text("filter"); !filter.empty()) {
    const admin::Selector selector(filter);
    std::erase_if(rows, [&](const json::object& row) {
      const json::value& its = row.at(name);  // of brokers a number
      return !selector.matches(its.is_string() ? std::string(its.get_string()) : json::serialize(its));
    });
  }
  Page page;
  page.total = rows.size();
  if (const std::string cursor = request.text("cursor"); !cursor.empty()) {
    error_code error;
    const auto text = core::from_base64(cursor);
    const json::value after = text ? json::parse(*text, error) : json::value();
    if (error || !after.is_object()) throw bad_request("cursor: this is none");
    std::erase_if(rows, [&](const json::object& row) { return !order(after.get_object(), row); });
  }
  const std::size_t count = std::min(limit, rows.size());
  std::partial_sort(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(count), rows.end(), order);
  if (count < rows.size()) {
    json::object last;
    for (const std::string& field : {order.field, order.name})
      if (const json::value* value = rows[count - 1].if_contains(field)) last[field] = *value;
    std::string text;
    core::append_base64(text, json::serialize(last));
    page.next = text;
  }
  rows.resize(count);
  page.rows = std::move(rows);
  return page;
}

json::object list_of(const Request& request, Page page, const std::vector<std::string>& partial) {
  const std::string wanted = request.text("fields");
  const std::vector<std::string_view> fields = core::split(wanted, ',');
  json::object list;
  json::array& items = list["items"].emplace_array();
  for (json::object& row : page.rows) {
    if (fields.empty()) {
      items.emplace_back(std::move(row));
      continue;
    }
    json::object& few = items.emplace_back(json::object()).get_object();
    for (const std::string_view field : fields)
      if (const json::value* value = row.if_contains(field)) few[field] = *value;
  }
  list["next"] = std::move(page.next);
  list["total"] = page.total;
  list["as_of"] = admin::format_time(admin::now_ms());
  json::array& missing = list["partial"].emplace_array();
  for (const std::string& who : partial) missing.emplace_back(who);
  return list;
}

}  // namespace mq::http
