// SPDX-License-Identifier: Apache-2.0
#include "storage/keys.h"

#include <boost/endian/conversion.hpp>

namespace mq::storage::keys {
namespace endian = boost::endian;

std::string big_endian(std::uint32_t number) {
  std::string out(4, '\0');
  endian::store_big_u32(reinterpret_cast<unsigned char*>(out.data()), number);
  return out;
}

std::string big_endian(Offset offset) {
  std::string out(8, '\0');
  endian::store_big_s64(reinterpret_cast<unsigned char*>(out.data()), offset);
  return out;
}

std::uint32_t number(std::string_view text) {
  return text.size() < 4 ? 0 : endian::load_big_u32(reinterpret_cast<const unsigned char*>(text.data()));
}

Offset offset(std::string_view text) {
  return text.size() < 8 ? 0 : endian::load_big_s64(reinterpret_cast<const unsigned char*>(text.data()));
}

std::string segment(std::uint32_t number) {
  return std::string(segments) + big_endian(number);
}

std::string catalogue_rows(PartitionNumber partition) {
  return std::string(catalogue) + big_endian(partition);
}

std::string catalogue_row(PartitionNumber partition, Offset last) {
  return catalogue_rows(partition) + big_endian(last);
}

std::string partition(PartitionNumber partition) {
  return std::string(partitions) + big_endian(partition);
}

std::string snapshot(PartitionNumber partition) {
  return std::string(snapshots) + big_endian(partition);
}

std::string quarantined(PartitionNumber partition) {
  return std::string(quarantine) + big_endian(partition);
}
std::string quarantined(PartitionNumber partition, Offset from) {
  return quarantined(partition) + big_endian(from);
}

std::string gone(PartitionNumber partition) {
  return std::string(removed) + big_endian(partition);
}

std::string entry(PartitionNumber partition, Offset last) {
  return big_endian(partition) + big_endian(last);
}

}  // namespace mq::storage::keys
