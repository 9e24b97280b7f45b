// SPDX-License-Identifier: Apache-2.0
#include "core/http/assets.h"

#include <zlib.h>

#include <algorithm>
#include <new>
#include <stdexcept>

#include "core/http/routes.h"

namespace mq::http {

namespace {

// The page runs nothing but its own files, and what it shows never becomes markup: text in it is hostile.
constexpr std::string_view page_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'";

// "gzip;q=0" is one that does not.
bool accepts_gzip(std::string_view field) {
  for (std::string_view coding : core::split(field, ',')) {
    while (coding.starts_with(' ')) coding.remove_prefix(1);
    const std::string_view name = coding.substr(0, coding.find_first_of("; "));
    if (name != "gzip" && name != "*") continue;
    const std::size_t quality = coding.find("q=");
    return quality == coding.npos || coding.find_first_of("123456789", quality) != coding.npos;
  }
  return false;
}

Answer answer_asset(const Request& request, const Asset& asset) {
  Answer answer{.type = std::string(asset.type),
                .fields = {{"Content-Security-Policy", std::string(page_policy)},
                           {"Referrer-Policy", "no-referrer"},
                           {"Cross-Origin-Opener-Policy", "same-origin"},
                           {"Cross-Origin-Resource-Policy", "same-origin"},
                           {"Vary", "Accept-Encoding"}}};
  const bool packed = accepts_gzip(request.exchange.head().field("Accept-Encoding"));
  if (packed) {
    answer.body.assign(asset.gzip.begin(), asset.gzip.end());
    answer.fields.emplace_back("Content-Encoding", "gzip");
  } else {
    answer.body = plain(asset);
  }
  return answer;
}

}  // namespace

const Asset* find_asset(std::string_view path) {
  const auto found = std::ranges::find(assets(), path, &Asset::path);
  return found == assets().end() ? nullptr : &*found;
}

std::string plain(const Asset& asset) {
  std::string text(asset.plain_bytes, '\0');
  z_stream stream{};
  if (inflateInit2(&stream, 15 + 16) != Z_OK) throw std::bad_alloc();  // + 16: a gzip header
  stream.next_in = const_cast<unsigned char*>(asset.gzip.data());
  stream.avail_in = static_cast<unsigned>(asset.gzip.size());
  stream.next_out = reinterpret_cast<unsigned char*>(text.data());
  stream.avail_out = static_cast<unsigned>(text.size());
  const int result = inflate(&stream, Z_FINISH);
  inflateEnd(&stream);
  if (result != Z_STREAM_END) throw std::logic_error("a file of the page is damaged");
  return text;
}

// Asked for each time, so that a new version is seen at once; what it names never changes.
Task<Answer> get_page(Request& request) {
  const std::string tag = '"' + std::string(assets_hash()) + '"';
  Answer answer;
  if (request.exchange.head().field("If-None-Match").find(tag) != std::string_view::npos)
    answer.status = 304;
  else
    answer = answer_asset(request, *find_asset("index.html"));
  answer.fields.emplace_back("Cache-Control", "no-cache");
  answer.fields.emplace_back("ETag", tag);
  co_return answer;
}

Task<Answer> get_asset(Request& request) {
  const Asset* asset = request.path("hash") == assets_hash() ? find_asset(request.path("file")) : nullptr;
  if (!asset) throw Problem{.status = 404, .detail = "the page of this version has no such file"};
  Answer answer = answer_asset(request, *asset);
  answer.fields.emplace_back("Cache-Control", "public, max-age=31536000, immutable");
  co_return answer;
}

}  // namespace mq::http
