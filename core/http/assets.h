// SPDX-License-Identifier: Apache-2.0
// The files of the page, inside the program: embed.cmake writes the table. Constants; any thread.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace mq::http {

struct Asset {
  std::string_view path;                // "main.js"
  std::string_view type;                // for Content-Type
  std::span<const unsigned char> gzip;  // its only form here
  std::size_t plain_bytes = 0;
};

std::span<const Asset> assets();                 // by path
std::string_view assets_hash();                  // of all of them: what stands in their addresses
const Asset* find_asset(std::string_view path);  // null: there is none
std::string plain(const Asset& asset);

}  // namespace mq::http
