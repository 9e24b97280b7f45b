// SPDX-License-Identifier: Apache-2.0
// A regular expression that somebody far away wrote, in RE2's syntax (as Kafka has it): topics of a consumer
// group, transactional ids. Matching takes time linear in the name whatever a client thinks of, and little
// memory. Pure.
#pragma once

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
  ~Pattern();

  // What is wrong with it; empty: nothing.
  const std::string& trouble() const { return trouble_; }
  bool matches(std::string_view name) const;  // all of it

 private:
  std::unique_ptr<re2::RE2> compiled_;
  std::string trouble_;
};

}  // namespace mq::core
