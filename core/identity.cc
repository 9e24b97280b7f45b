// SPDX-License-Identifier: Apache-2.0
#include "core/identity.h"

#include <boost/describe.hpp>
#include <boost/json.hpp>

#include "core/error.h"
#include "core/metadata/records.h"
#include "net/kafka/crc32c.h"
#include "net/kafka/uuid.h"

namespace mq::core {

namespace {

constexpr std::int32_t format_version = 1;

struct NodeRecord {
  std::int32_t format = format_version;
  std::string cluster_id;
  std::int32_t node_id = 1;
  std::string directory_id;
};
BOOST_DESCRIBE_STRUCT(NodeRecord, (), (format, cluster_id, node_id, directory_id))

std::uint32_t crc_of(std::string_view text) {
  return kafka::crc32c(std::as_bytes(std::span(text)));
}

// One line of JSON, one line with its CRC32C.
std::string to_text(const NodeRecord& record) {
  const std::string json = boost::json::serialize(boost::json::value_from(record));
  return json + "\n" + std::to_string(crc_of(json)) + "\n";
}

std::optional<NodeRecord> parse(std::string_view text) {
  const auto end = text.find('\n');
  if (end == text.npos || text.substr(end + 1) != std::to_string(crc_of(text.substr(0, end))) + "\n")
    return {};
  error_code error;
  const auto value = boost::json::parse(boost::json::string_view(text.data(), end), error);
  if (error) return {};
  auto record = boost::json::try_value_to<NodeRecord>(value);
  if (!record) return {};
  return std::move(*record);
}

std::optional<std::string> read_file(storage::FileSystem& files, const storage::Path& path) {
  auto file = files.open(path, storage::FileSystem::Mode::read);
  if (!file) return {};
  std::string text(4096, '\0');
  const auto size = (*file)->read(std::as_writable_bytes(std::span(text)), 0);
  if (!size) return {};
  text.resize(*size);
  return text;
}

error_code write_file(storage::FileSystem& files, const storage::Path& path, std::string text) {
  const storage::Path fresh = path.string() + ".new";
  {
    auto file = files.open(fresh, storage::FileSystem::Mode::create);
    if (!file) return file.error();
    const iovec piece{text.data(), text.size()};
    if (const error_code error = (*file)->write({&piece, 1}, 0)) return error;
    if (const error_code error = (*file)->sync()) return error;
  }
  if (const error_code error = files.rename(fresh, path)) return error;
  return files.sync_dir(path.parent_path());
}

}  // namespace

Identity identify(storage::FileSystem& files, const storage::Path& data,
                  std::optional<std::int32_t> node_id) {
  const storage::Path path = data / "node.json";
  if (files.exists(path)) {
    const auto text = read_file(files, path);
    const auto record = text ? parse(*text) : std::nullopt;
    if (!record) throw WrongStart(1, path.string() + " is damaged or cannot be read");
    if (record->format > format_version)
      throw WrongStart(7, data.string() + " was written by a newer version (format " +
                              std::to_string(record->format) + ")");
    if (node_id && *node_id != record->node_id)
      throw WrongStart(7, data.string() + " belongs to node " + std::to_string(record->node_id) +
                              ", not to node " + std::to_string(*node_id));
    return {record->cluster_id, record->node_id, kafka::uuid_of(record->directory_id).value_or(Uuid{})};
  }
  const Identity identity{kafka::text_of(random_uuid()), node_id.value_or(1), random_uuid()};
  const NodeRecord record{format_version, identity.cluster_id, identity.node_id,
                          kafka::text_of(identity.directory_id)};
  if (const error_code error = write_file(files, path, to_text(record)))
    throw WrongStart(1, path.string() + " cannot be written: " + error.message());
  return identity;
}

}  // namespace mq::core
