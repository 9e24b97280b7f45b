// SPDX-License-Identifier: Apache-2.0
// Ids of topics and directories as people see them: 22 characters of URL-safe base64. Pure functions, any
// thread.
#pragma once

#include <string_view>

#include "net/kafka/types.h"

namespace mq::kafka {

std::string text_of(const Uuid& id);
std::optional<Uuid> uuid_of(std::string_view text);  // nothing: not an id

}  // namespace mq::kafka
