// SPDX-License-Identifier: Apache-2.0
// What changes in etcd, put together for whoever asks now and then: one watch that goes on from where the
// last one ended, at whichever member, and all entries anew when it cannot, or now and then in case something
// was lost. Lives on the loop.
#pragma once

#include <functional>
#include <memory>

#include "core/loop/promise.h"
#include "core/loop/waiter.h"
#include "core/metadata/etcd_client.h"

namespace mq::core {

class EtcdFeed {
 public:
  using Self = std::shared_ptr<EtcdFeed>;
  using Seen = std::function<void(const MetadataUpdate&)>;  // each message, each list, as it comes

  static constexpr std::size_t message_bytes_max = 8u << 20;
  static constexpr std::size_t recent_max =
      100'000;  // entries that nobody has asked for; then all are listed

  EtcdFeed(std::shared_ptr<EtcdClient> client, Seen seen);
  void stop();  // whoever waits is told
  void member_failed(std::size_t member);

  // As MetadataStore::watch. The first call begins it.
  static Task<Result<MetadataUpdate>> after(Self self, Revision revision);

 private:
  struct Change {
    EntryVersion version = 0;
    std::optional<MetadataEntry> entry;
  };

  void begin(const Self& self, Revision after);
  static Task<void> run(Self self);
  static Task<bool> relist(Self self);
  static Task<bool> follow(Self self);
  static Task<void> read(Self self);
  bool take(EtcdEvents events);  // false: the watch has ended, or should
  void apply(std::vector<EtcdEvents::Event> events);
  void list_anew();
  void list_anew_in_time(const Self& self);
  MetadataUpdate whole();
  MetadataUpdate since(Revision after);
  void tell();

  const std::shared_ptr<EtcdClient> client_;
  const Seen seen_;
  StoreMembers::Lane lane_;

  Revision base_ = 0;                             // of the last list: nothing up to it is news
  Revision applied_ = 0;                          // the watch goes on behind it
  Revision floor_ = 0;                            // what changed since is in recent_, and only that
  std::map<std::string, EntryVersion> versions_;  // of what changed since base_: an older one is no news
  std::map<std::string, Change> recent_;
  std::optional<MetadataUpdate> listed_;  // and not taken yet

  bool running_ = false, stopped_ = false;
  bool relist_ = false;  // it is due
  bool heard_ = false;   // the last that came of this watch was well
  std::string why_ended_, why_told_;
  std::unique_ptr<Alarm> relisting_;
  std::shared_ptr<Waiter> pause_;
  std::shared_ptr<Promise<bool>> changed_ = std::make_shared<Promise<bool>>();
};

}  // namespace mq::core
