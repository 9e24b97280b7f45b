// SPDX-License-Identifier: Apache-2.0
#include "cli/frame/file.h"

#include <fcntl.h>
#include <unistd.h>

#include "cli/frame/errors.h"
#include "core/config/scalars.h"

namespace mq::cli {

namespace {

constexpr std::size_t file_bytes_max = 256 << 20;

}  // namespace

std::string read_all(const std::string& file, int standard_input) {
  const bool given = file != "-";
  const int fd = given ? ::open(file.c_str(), O_RDONLY | O_CLOEXEC) : standard_input;
  if (fd < 0) throw UsageError(file + " cannot be read");
  std::string text;
  char buffer[16384];
  ssize_t n = 0;
  while (text.size() < file_bytes_max && (n = ::read(fd, buffer, sizeof buffer)) > 0)
    text.append(buffer, static_cast<std::size_t>(n));
  if (given) ::close(fd);
  if (n < 0) throw UsageError(file + " cannot be read");
  if (n > 0) throw UsageError(file + " is larger than " + core::format_size(file_bytes_max));
  return text;
}

}  // namespace mq::cli
