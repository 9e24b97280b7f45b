// SPDX-License-Identifier: Apache-2.0
#include "core/broker/logging.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cstdlib>

namespace mq::core {

namespace {

constexpr const char* modules[] = {"core", "net", "storage"};

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::error:
      return spdlog::level::err;
    case LogLevel::warn:
      return spdlog::level::warn;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::trace:
      return spdlog::level::trace;
  }
  return spdlog::level::info;
}

LogFormat resolve(LogFormat format) {
  if (format != LogFormat::automatic) return format;
  if (std::getenv("JOURNAL_STREAM")) return LogFormat::journal;
  return ::isatty(STDERR_FILENO) ? LogFormat::text : LogFormat::json;
}

std::string_view name_of(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::trace:
      return "trace";
    case spdlog::level::debug:
      return "debug";
    case spdlog::level::warn:
      return "warn";
    case spdlog::level::err:
    case spdlog::level::critical:
      return "error";
    default:
      return "info";
  }
}

// Control characters of peers do not reach the terminal or the next line.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f)
      out += c;
    else
      out += fmt::format("\\x{:02x}", byte);
  }
  return out;
}

std::string time_of(const spdlog::details::log_msg& message) {
  const auto since = message.time.time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
  const std::time_t seconds = ms / 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  return fmt::format("{}.{:03}Z", text, ms % 1000);
}

std::string_view view(spdlog::string_view_t text) {
  return {text.data(), text.size()};
}

class Line : public spdlog::formatter {
 public:
  explicit Line(LogFormat format) : format_(format) {}

  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    const std::string text = format_ == LogFormat::json ? json(message) : plain(message);
    out.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<Line>(format_); }

 private:
  static std::string_view module_of(const spdlog::details::log_msg& message) {
    return message.logger_name.size() == 0 ? std::string_view("core") : view(message.logger_name);
  }

  static std::string json(const spdlog::details::log_msg& message) {
    const std::string_view module = module_of(message), level = name_of(message.level);
    boost::json::object line;
    line["ts"] = time_of(message);
    line["level"] = boost::json::string_view(level.data(), level.size());
    line["module"] = boost::json::string_view(module.data(), module.size());
    line["msg"] = boost::json::string_view(message.payload.data(), message.payload.size());
    return boost::json::serialize(line) + "\n";
  }

  std::string plain(const spdlog::details::log_msg& message) const {
    const std::string text = printable(view(message.payload));
    if (format_ == LogFormat::journal) {
      const int priority = message.level >= spdlog::level::err    ? 3
                           : message.level == spdlog::level::warn ? 4
                           : message.level == spdlog::level::info ? 6
                                                                  : 7;
      return fmt::format("<{}>{}: {}\n", priority, module_of(message), text);
    }
    std::string level(name_of(message.level));
    for (char& c : level) c = static_cast<char>(std::toupper(c));
    return fmt::format("{} {:<5}  {:<7}  {}\n", time_of(message), level, module_of(message), text);
  }

  LogFormat format_;
};

}  // namespace

void set_up_logging(const Config& config) {
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  sink->set_formatter(std::make_unique<Line>(resolve(config.log_format)));
  for (const char* module : modules) {
    auto logger = std::make_shared<spdlog::logger>(module, sink);
    const auto own = config.log_levels.modules.find(module);
    logger->set_level(level_of(own == config.log_levels.modules.end() ? config.log_levels.all : own->second));
    spdlog::drop(module);
    spdlog::register_logger(logger);
  }
  spdlog::set_default_logger(spdlog::get("core"));
}

}  // namespace mq::core
