# SPDX-License-Identifier: Apache-2.0
# Packs the files of the page into a source file: cmake -D FOLDER=… -D OUT=….cc -P embed.cmake
# The same files make the same bytes, whenever and wherever.
file(GLOB files RELATIVE "${FOLDER}" "${FOLDER}/*.html" "${FOLDER}/*.css" "${FOLDER}/*.svg" "${FOLDER}/*.js")
list(SORT files)

set(type_html "text/html; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_svg "image/svg+xml")
set(type_js "text/javascript; charset=utf-8")

# One hash of all stands in their addresses: modules find each other by relative names.
set(hashes "")
set(preload "")
foreach(name ${files})
  file(SHA256 "${FOLDER}/${name}" hash)
  string(APPEND hashes "${name} ${hash}\n")
endforeach()
string(SHA256 hash "${hashes}")
string(SUBSTRING "${hash}" 0 16 hash)
foreach(name ${files})
  if(name MATCHES "\\.js$" AND NOT name STREQUAL "main.js")  # all at once, not import by import
    string(APPEND preload "<link rel=\"modulepreload\" href=\"assets/${hash}/${name}\">\n")
  endif()
endforeach()

set(packed "${OUT}.gz")
set(plain "${OUT}.plain")
set(arrays "")
set(rows "")
set(sizes "")
foreach(name ${files})
  if(name STREQUAL "index.html")
    file(READ "${FOLDER}/${name}" text)
    string(REPLACE "@HASH@" "${hash}" text "${text}")
    string(REPLACE "@PRELOAD@\n" "${preload}" text "${text}")
    file(WRITE "${plain}" "${text}")
  else()
    file(COPY_FILE "${FOLDER}/${name}" "${plain}")
  endif()
  file(SIZE "${plain}" size)
  file(ARCHIVE_CREATE OUTPUT "${packed}" PATHS "${plain}" FORMAT raw COMPRESSION GZip COMPRESSION_LEVEL 9)
  file(READ "${packed}" hex HEX)
  string(SUBSTRING "${hex}" 0 8 head)
  string(SUBSTRING "${hex}" 16 -1 rest)
  set(hex "${head}00000000${rest}")  # bytes 4 to 7 are the time of packing
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
  string(MAKE_C_IDENTIFIER "${name}" symbol)
  cmake_path(GET name EXTENSION LAST_ONLY extension)
  string(SUBSTRING "${extension}" 1 -1 extension)
  string(APPEND arrays "constexpr unsigned char asset_${symbol}[] = {${bytes}};\n")
  string(APPEND rows "    {\"${name}\", \"${type_${extension}}\", asset_${symbol}, ${size}},\n")
  string(APPEND sizes " + sizeof asset_${symbol}")
endforeach()
file(REMOVE "${packed}" "${plain}")

file(CONFIGURE OUTPUT "${OUT}" @ONLY CONTENT [[// Written by core/http/embed.cmake.
#include "core/http/assets.h"

namespace mq::http {

namespace {

@arrays@
static_assert(0@sizes@ <= 300 * 1024, "all files of the page together are more than a page may be");

constexpr Asset all_assets[] = {
@rows@};

}  // namespace

std::span<const Asset> assets() { return all_assets; }
std::string_view assets_hash() { return "@hash@"; }

}  // namespace mq::http
]])
