// SPDX-License-Identifier: Apache-2.0
#include "storage/record.h"

#include <algorithm>
#include <boost/endian/conversion.hpp>

#include "storage/crc32c.h"

namespace mq::storage {
namespace {

const unsigned char* at(Bytes bytes, std::size_t position) {
  return reinterpret_cast<const unsigned char*>(bytes.data()) + position;
}

}  // namespace

std::size_t covered_bytes(const Header& header) {
  return header.kind == Kind::batch ? std::min<std::size_t>(header.length, batch_head_bytes) : header.length;
}

std::uint32_t header_crc(const Header& header, Bytes covered, std::uint32_t seed) {
  const std::uint32_t before = header.kind == Kind::begin ? 0 : seed;
  return crc32c(covered, crc32c(bytes_of(header).subspan(sizeof header.crc), before));
}

std::optional<Header> valid_header(Bytes bytes, std::uint32_t segment, std::uint32_t seed) {
  if (bytes.size() < sizeof(Header)) return {};
  const auto header = load<Header>(bytes);
  if (header.segment != segment || header.kind < Kind::begin || header.kind > Kind::rows) return {};
  if (header.kind == Kind::batch && header.length < batch_head_bytes) return {};
  const std::size_t covered = covered_bytes(header);
  if (bytes.size() - sizeof(Header) < covered) return {};
  if (header_crc(header, bytes.subspan(sizeof(Header), covered), seed) != header.crc) return {};
  return header;
}

BatchHead batch_head(Bytes head) {
  namespace endian = boost::endian;
  BatchHead batch;
  batch.first = endian::load_big_s64(at(head, 0));
  batch.size = std::size_t{12} + endian::load_big_u32(at(head, 8));
  batch.crc = endian::load_big_u32(at(head, 17));
  batch.last = batch.first + endian::load_big_s32(at(head, 23));
  batch.time_max = endian::load_big_s64(at(head, 35));
  return batch;
}

bool valid_batch(Bytes batch) {
  if (batch.size() < batch_head_bytes) return false;
  const BatchHead head = batch_head(batch);
  return head.size == batch.size() && head.crc == crc32c(batch.subspan(21));
}

}  // namespace mq::storage
