// SPDX-License-Identifier: Apache-2.0
#include "storage/core_rows.h"

#include <boost/asio/post.hpp>

namespace mq::storage {

void CoreRows::note(std::string rows, Log::Appended done) {
  const auto kept = std::make_shared<const std::string>(std::move(rows));
  const auto* data = reinterpret_cast<const std::byte*>(kept->data());
  Append append;
  append.kind = Kind::rows;
  append.base = static_cast<Offset>(meta_.changes());
  append.batch.memory = {kept, data};
  append.batch.size = kept->size();
  append.done = std::move(done);
  std::vector<Append> appends;
  appends.push_back(std::move(append));
  queue_.push(std::move(appends));
}

// A few thousand rows at most, and only when the segment with the newest copy of one of them is about to go.
void CoreRows::copy_all(Log::Appended done) {
  asio::post(readers_.executor(), [this, done = std::move(done)] {
    Store::Change all;
    if (const error_code error = copy_rows(meta_, keys::core, all.puts))
      return asio::post(loop_, [done, error] { done(error); });
    note(encode_rows(all), done);
  });
}

}  // namespace mq::storage
