// SPDX-License-Identifier: Apache-2.0
// The only file compiled with the checkout's path in it, so that the others come from the compiler cache in
// any checkout.
#include "tests/support/source_dir.h"

namespace mq::test {

std::filesystem::path source_dir() {
  return MQ_SOURCE_DIR;
}

}  // namespace mq::test
