// SPDX-License-Identifier: Apache-2.0
// Arguments, one command, exit code.
#include <fcntl.h>
#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <clocale>
#include <csignal>
#include <cstdlib>
#include <string_view>

#include "cli/frame/command.h"

namespace {

std::size_t terminal_width() {
  if (const char* columns = std::getenv("COLUMNS"); columns && std::atoi(columns) > 0)
    return static_cast<std::size_t>(std::atoi(columns));
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

// A file that we open must never become standard output: what is printed would be written into it. Reads and
// writes fail as they do where the stream is closed.
void keep_standard_streams() {
  for (int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(stream, F_GETFD) < 0) {
      const int opened = open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
      if (opened != stream) _exit(1);
    }
}

// So that shells see that a signal ended us, and stop their loops.
[[noreturn]] void end_by(int signal) {
  std::signal(signal, SIG_DFL);
  std::raise(signal);
  _exit(128 + signal);
}

}  // namespace

int main(int argc, char** argv) {
  keep_standard_streams();
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file as large as ulimit -f allows is an error of the write
  std::setlocale(LC_CTYPE, "");
  mq::cli::Context context;
  context.in_tty = isatty(STDIN_FILENO);
  context.out_tty = isatty(STDOUT_FILENO);
  context.err_tty = isatty(STDERR_FILENO);
  context.width = terminal_width();
  context.unicode = !context.out_tty || nl_langinfo(CODESET) == std::string_view("UTF-8");

  const mq::cli::Exit exit = mq::cli::run(context, {argv + 1, argv + argc});
  if (exit == mq::cli::Exit::interrupted) end_by(SIGINT);
  if (exit == mq::cli::Exit::terminated) end_by(SIGTERM);
  return static_cast<int>(exit);
}
