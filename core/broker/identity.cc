// SPDX-License-Identifier: Apache-2.0
#include "core/broker/identity.h"

#include <spdlog/spdlog.h>

#include <boost/describe.hpp>
#include <boost/json.hpp>

#include "core/error.h"
#include "core/metadata/entries.h"
#include "net/kafka/crc32c.h"
#include "net/kafka/uuid.h"

namespace mq::core {

namespace {

constexpr std::int32_t format_alone = 2;   // 1: other rows in meta (metadata/migration)
constexpr std::int32_t format_member = 3;  // what a broker alone does not know
constexpr std::int32_t format_newest = format_member;

struct NodeRecord {
  std::int32_t format = format_alone;
  std::string cluster_id;
  std::int32_t node_id = 1;
  std::string directory_id;
  std::vector<std::string> incarnations = {};
};
// What is written of a broker alone has no incarnations: versions that know no clusters read it, too.
struct AloneRecord {
  std::int32_t format = 0;
  std::string cluster_id;
  std::int32_t node_id = 0;
  std::string directory_id;
};
BOOST_DESCRIBE_STRUCT(NodeRecord, (), (format, cluster_id, node_id, directory_id, incarnations))
BOOST_DESCRIBE_STRUCT(AloneRecord, (), (format, cluster_id, node_id, directory_id))

std::uint32_t crc_of(std::string_view text) {
  return kafka::crc32c(std::as_bytes(std::span(text)));
}

// One line of JSON, one line with its CRC32C.
std::string to_text(const NodeRecord& record) {
  const AloneRecord alone{record.format, record.cluster_id, record.node_id, record.directory_id};
  const std::string json = boost::json::serialize(
      record.format < format_member ? boost::json::value_from(alone) : boost::json::value_from(record));
  return json + "\n" + std::to_string(crc_of(json)) + "\n";
}

std::optional<NodeRecord> parse(std::string_view text) {
  const auto end = text.find('\n');
  if (end == text.npos || text.substr(end + 1) != std::to_string(crc_of(text.substr(0, end))) + "\n")
    return {};
  error_code error;
  const auto value = boost::json::parse(boost::json::string_view(text.data(), end), error);
  if (error) return {};
  if (auto record = boost::json::try_value_to<NodeRecord>(value)) return std::move(*record);
  const auto alone = boost::json::try_value_to<AloneRecord>(value);
  if (!alone) return {};
  return NodeRecord{alone->format, alone->cluster_id, alone->node_id, alone->directory_id};
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

void keep_copy(storage::Store& meta, const std::string& text) {
  storage::Store::Change change;
  change.puts[std::string(node_key)] = text;
  if (const error_code error = meta.commit(change))
    throw WrongStart(1, "who this broker is cannot be noted in meta: " + error.message());
}

std::optional<std::string> copy_in(storage::Store& meta) {
  auto text = meta.get(node_key);
  if (!text) throw WrongStart(1, "meta cannot be read: " + text.error().message());
  return *text && parse(**text) ? std::move(*text) : std::nullopt;
}

std::string new_node(const Clock& clock, std::optional<std::int32_t> node_id) {
  return to_text({format_alone, kafka::text_of(random_uuid(clock)), node_id.value_or(1),
                  kafka::text_of(random_uuid(clock))});
}

// node.json is not there, or damaged.
std::string text_without_file(storage::FileSystem& files, const Clock& clock, const storage::Path& path,
                              storage::Store& meta, std::optional<std::int32_t> node_id) {
  const bool damaged = files.exists(path);
  if (auto copy = copy_in(meta)) {
    spdlog::warn("{} was {}: it is written anew from its copy in meta", path.string(),
                 damaged ? "damaged" : "missing");
    return std::move(*copy);
  }
  if (damaged) throw WrongStart(1, path.string() + " is damaged or cannot be read");
  const auto rows = meta.scan("core/", "", 1);
  if (rows && !rows->empty()) spdlog::warn("{} is missing: this broker has a new cluster id", path.string());
  return new_node(clock, node_id);
}

void check_format(const storage::Path& data, const NodeRecord& record) {
  if (record.format > format_newest)
    throw WrongStart(
        7, data.string() + " was written by a newer version (format " + std::to_string(record.format) + ")");
}

}  // namespace

void check_format(storage::FileSystem& files, const storage::Path& data) {
  const auto text = read_file(files, data / "node.json");
  if (const auto record = text ? parse(*text) : std::nullopt) check_format(data, *record);
}

Identity identify(storage::FileSystem& files, const Clock& clock, const storage::Path& data,
                  storage::Store& meta, std::optional<std::int32_t> node_id) {
  const storage::Path path = data / "node.json";
  auto text = read_file(files, path);
  if (!text || !parse(*text)) {
    text = text_without_file(files, clock, path, meta, node_id);
    if (const error_code error = write_file(files, path, *text))
      throw WrongStart(1, path.string() + " cannot be written: " + error.message());
  }
  NodeRecord record = parse(*text).value();
  check_format(data, record);
  if (record.format < format_alone) {  // before anything is written as an earlier version cannot read it
    record.format = format_alone;
    text = to_text(record);
    if (const error_code error = write_file(files, path, *text))
      throw WrongStart(1, path.string() + " cannot be written: " + error.message());
  }
  if (node_id && *node_id != record.node_id)
    throw WrongStart(7, data.string() + " belongs to node " + std::to_string(record.node_id) +
                            ", not to node " + std::to_string(*node_id));
  if (copy_in(meta) != text) keep_copy(meta, *text);
  Identity identity{record.cluster_id, record.node_id, kafka::uuid_of(record.directory_id).value_or(Uuid{}),
                    record.format >= format_member};
  for (const std::string& incarnation : record.incarnations)
    identity.incarnations.push_back(kafka::uuid_of(incarnation).value_or(Uuid{}));
  return identity;
}

void remember(storage::FileSystem& files, const storage::Path& data, storage::Store& meta,
              const Identity& identity) {
  NodeRecord record{identity.is_member ? format_member : format_alone, identity.cluster_id, identity.node_id,
                    kafka::text_of(identity.directory_id)};
  for (const Uuid& incarnation : identity.incarnations)
    record.incarnations.push_back(kafka::text_of(incarnation));
  const std::string text = to_text(record);
  const storage::Path path = data / "node.json";
  if (const error_code error = write_file(files, path, text))
    throw WrongStart(1, path.string() + " cannot be written: " + error.message());
  keep_copy(meta, text);
}

std::string node_json_damage(storage::FileSystem& files, const storage::Path& data, storage::Store* meta) {
  const storage::Path path = data / "node.json";
  const auto text = read_file(files, path);
  if (text && parse(*text)) return {};
  const auto copy = meta ? meta->get(node_key) : std::optional<std::string>();
  const bool copied = copy && *copy && parse(**copy);
  return std::string(files.exists(path) ? "is damaged" : "is missing") +
         (copied ? "; a start writes it anew from its copy in meta" : ", and there is no copy of it in meta");
}

}  // namespace mq::core
