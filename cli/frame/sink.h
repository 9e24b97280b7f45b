// SPDX-License-Identifier: Apache-2.0
// A descriptor that is written without ever waiting in write(2): a pipe whose reader is slow, a terminal
// stopped by Ctrl-S or a socket takes what it can take now, and says when it can take more. Whoever shares
// the descriptor sees nothing of that: its flags stay as they are, for a pipe or terminal is opened anew
// through /proc. Where that is not allowed (it belongs to another user) it is asked with poll(2) before each
// write, and gets no more than PIPE_BUF, which a pipe that is ready takes at once. Files are written as they
// are: their disk is all that is waited for. Lives on the loop.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <span>

namespace mq::cli {

class Sink {
 public:
  Sink(boost::asio::io_context& loop, int descriptor);

  // How much of this, no more than `bytes_max`, was taken; -1 and errno as with writev(2). EAGAIN: nothing
  // now, ask when_ready().
  ssize_t write(std::span<iovec> parts, std::size_t bytes_max) const;
  void when_ready(std::function<void()> ready);  // once; no more than one at a time

  // So many bytes a pipe takes whole or not at all; other descriptors promise nothing: SIZE_MAX.
  std::size_t whole_bytes_max() const;
  bool has_reader() const;

 private:
  enum class Way { file, own, socket, asked };

  const int given_;
  Way way_ = Way::file;
  int target_;                                        // what is written to
  std::size_t pipe_bytes_ = 0;                        // 0: it is no pipe
  boost::asio::posix::stream_descriptor descriptor_;  // what is waited for; not open for files
};

}  // namespace mq::cli
