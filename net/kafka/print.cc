// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/print.h"

namespace mq::kafka::wire {

void print_text(std::ostream& to, std::string_view text) {
  constexpr std::size_t size_max = 256;
  constexpr std::string_view digits = "0123456789abcdef";
  to << '"';
  for (const char c : text.substr(0, size_max)) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      to << '\\' << c;
    } else if (code < 0x20 || code == 0x7f) {  // a peer must not write lines of our log
      to << "\\x" << digits[code >> 4] << digits[code & 15];
    } else {
      to << c;
    }
  }
  to << (text.size() > size_max ? "…\"" : "\"");
}

}  // namespace mq::kafka::wire
