// SPDX-License-Identifier: Apache-2.0
// The two streams of a command: data on stdout, everything else on stderr.
#include <poll.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>

#include "cli/frame/command.h"

namespace mq::cli {

namespace {

// All of it, whatever the descriptor is; 0 or errno.
int write_all(int fd, std::string_view data) {
  while (!data.empty()) {
    const ssize_t n = ::write(fd, data.data(), data.size());
    if (n > 0) {
      data.remove_prefix(static_cast<std::size_t>(n));
    } else if (n < 0 && errno == EAGAIN) {
      pollfd wait{.fd = fd, .events = POLLOUT, .revents = 0};
      ::poll(&wait, 1, -1);
    } else if (n < 0 && errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

std::string as_json(const Failure& failure) {
  boost::json::object error{{"code", name_of(failure.exit)}, {"exit", static_cast<int>(failure.exit)}};
  if (!failure.kafka.empty()) error["kafka"] = failure.kafka;
  error["message"] = failure.message;
  if (!failure.target.empty()) error["target"] = failure.target;
  if (!failure.broker.empty()) error["broker"] = failure.broker;
  error["retriable"] = failure.retriable;
  if (!failure.hint.empty()) error["hint"] = failure.hint;
  if (!failure.details.empty()) error["details"] = boost::json::value_from(failure.details);
  return boost::json::serialize(boost::json::object{{"error", std::move(error)}}) + "\n";
}

std::string as_text(const Failure& failure, bool color) {
  const std::string_view red = color ? "\033[1;31m" : "", dim = color ? "\033[2m" : "",
                         plain = color ? "\033[0m" : "";
  std::string text = "mq: " + std::string(red) + "error:" + std::string(plain) + " " + failure.message;
  std::string origin = failure.kafka;
  if (!failure.broker.empty()) origin += (origin.empty() ? "" : ", ") + failure.broker;
  if (!origin.empty()) text += " (" + origin + ")";
  text += '\n';
  for (const std::string& line : failure.details) text += "  " + line + "\n";
  if (!failure.hint.empty())
    text += "mq: " + std::string(dim) + "hint:" + std::string(plain) + " " + failure.hint + "\n";
  return text;
}

}  // namespace

bool Context::write(std::string_view data) {
  if (write_error == 0) write_error = write_all(out, data);
  if (write_error == ECONNRESET) write_error = EPIPE;
  return write_error == 0;
}

Exit Context::answer(std::string_view data) {
  write(data);
  return Exit::ok;
}

void Context::say(std::string_view text) const {
  write_all(err, text);
}

void Context::notice(std::string_view text) const {
  if (!quiet) say("mq: " + std::string(text) + "\n");
}

void Context::detail(int level, std::string_view text) const {
  if (verbose >= level) say("mq: " + std::string(text) + "\n");
}

Exit report(const Context& context, const Failure& failure) {
  const bool json = context.output == "json" || context.output == "jsonl" || context.output == "yaml";
  context.say(json ? as_json(failure) : as_text(failure, context.color_err));
  return failure.exit;
}

}  // namespace mq::cli
