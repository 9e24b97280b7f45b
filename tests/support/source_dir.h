// SPDX-License-Identifier: Apache-2.0
// The checkout the tests were built from, for tests that read what is in it beside the code.
#pragma once

#include <filesystem>

namespace mq::test {

std::filesystem::path source_dir();

}  // namespace mq::test
