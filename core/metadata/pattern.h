// SPDX-License-Identifier: Apache-2.0
// A regular expression that somebody far away wrote, in RE2's syntax (as Kafka has it): topics of a consumer
// group, transactional ids, what is looked for in records. Matching takes time linear in the text whatever a
// client thinks of, and little memory: some nanoseconds a byte, and at the very worst two for each
// instruction of the program. Pure; any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "core/types.h"

namespace re2 {
class RE2;
}

namespace mq::core {

class Pattern {
 public:
  static constexpr std::size_t length_max = 1024;

  explicit Pattern(std::string_view text);
  Pattern(Pattern&& other) noexcept;
  ~Pattern();

  // What is wrong with it; empty: nothing.
  const std::string& trouble() const { return trouble_; }
  bool matches(std::string_view name) const;   // all of it
  bool found_in(std::string_view text) const;  // anywhere, in any bytes
  std::size_t size() const;                    // instructions of the program

 private:
  std::unique_ptr<re2::RE2> compiled_;
  std::string trouble_;
};

}  // namespace mq::core
