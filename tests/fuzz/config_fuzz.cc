// SPDX-License-Identifier: Apache-2.0
// Any text as mq.yaml: loading ends, does not crash, and what it accepts can be shown and is accepted again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/config/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mq::core;
  Sources sources;
  sources.text = std::string(reinterpret_cast<const char*>(data), size);
  if (sources.text->find("include") != std::string::npos)
    return 0;  // would look at directories of this machine
  if (sources.text->find("file:") != std::string::npos) return 0;
  sources.environment = {{"NAME", "value"}, {"HOME", "/home/user"}};
  const Loaded loaded = load(sources);
  if (!loaded.problems.empty()) return 0;

  Sources again;
  again.environment = sources.environment;
  for (const auto& [key, origin] : loaded.config.origins)
    again.sets.push_back(key + "=" + value_of(loaded.config, key));
  const Loaded second = load(again);
  if (!second.problems.empty() || print(second.config, true).empty()) std::abort();
  return 0;
}
