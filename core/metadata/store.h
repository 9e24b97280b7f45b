// SPDX-License-Identifier: Apache-2.0
// Where brokers keep what they have to agree about: who is there, topics, who leads, configurations. Small
// entries under text keys, each with a version, changed by compare-and-swap. Made so that etcd, Consul and a
// broker's own LevelDB can all be one: nothing here asks who else wrote a key, or how many entries one change
// may have. Lives on the loop.
//
// Whoever reads watches it: every step is made from what the store holds, so updates may be repeated, put
// together or left out for a whole image, and nobody is the worse for it.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/types.h"

namespace mq::core {

using EntryVersion = std::int64_t;  // of one entry: greater with every write of that key, also after an erase
using Revision = std::int64_t;      // of the whole store, as long as it is open: greater with every change

struct MetadataEntry {
  std::string value;
  EntryVersion version = 0;
  bool operator==(const MetadataEntry&) const = default;
};

struct MetadataUpdate {
  Revision revision = 0;
  bool whole = false;  // all entries there are; otherwise those that changed
  std::map<std::string, std::optional<MetadataEntry>> entries = {};  // nothing: erased
};

// What has to hold for a change to be made.
struct Guard {
  enum class Kind { unchanged, absent, held_by_me };
  Kind kind = Kind::absent;
  std::string key;
  EntryVersion version = 0;  // unchanged: as it was seen
};

// All or nothing. A key that this session holds stays held when it is put; no other session's may be put.
struct MetadataChange {
  static constexpr std::size_t entries_max = 60;  // put and erased: what every store takes at once
  std::vector<Guard> guards = {};
  std::map<std::string, std::string> puts = {};
  std::vector<std::string> erases = {};
};

struct Committed {
  enum class Outcome {
    done,      // durable
    conflict,  // a guard failed, nothing was changed
    unknown,   // it may have been made, or yet be; reading does not tell
    refused,   // nothing was changed, nor would be if it came again
  };
  Outcome outcome = Outcome::refused;
  Revision revision = 0;  // done: updates of it or later have it
  std::string why = {};   // for people, when it is not done
  // conflict: what the guarded keys are now, as far as the store told; nothing: there is none. Newer than any
  // read may be: it comes from the change itself.
  std::map<std::string, std::optional<MetadataEntry>> found = {};
};

// Whether a store is one that can be worked with, as it was when it was asked.
struct StoreCheck {
  std::string refusal = {};                // a whole sentence; empty: it will do
  bool answered = true;                    // false: nobody has, which may pass
  std::vector<std::string> warnings = {};  // whole sentences
  std::string version = {};                // of the first member that answered
  std::string cluster_id = {};             // its own
};

class MetadataStore {
 public:
  // Whether what this broker holds is still its own. suspect: the store was not heard of for as long as a
  // session lasts without it, what is held may be gone. lost: it is gone; the next hold() begins a new one.
  enum class Session { alive, suspect, lost };

  virtual ~MetadataStore() = default;

  virtual Task<StoreCheck> check() { co_return StoreCheck{}; }
  virtual Task<Result<MetadataUpdate>> load() = 0;  // whole
  virtual Task<Committed> commit(MetadataChange change) = 0;
  // What changed since; waits until something has. `stopped`: nothing will any more.
  virtual Task<Result<MetadataUpdate>> watch(Revision after) = 0;

  virtual Session session() const = 0;
  // Called whenever it becomes another; `lost` once for each that was.
  using SessionChanged = std::function<void(Session)>;
  virtual void on_session(SessionChanged changed) = 0;
  // The key lives no longer than the session. Its version is the token: greater than every earlier one of
  // that key. Nothing: somebody else holds it.
  virtual Task<Result<std::optional<EntryVersion>>> hold(std::string key, std::string value) = 0;
  // Ends the session of whoever holds it, and with it all that it holds.
  virtual Task<error_code> evict(std::string key) = 0;

  // Removes it when it lives with no session at all: as keys do that were copied from one store to another,
  // or put there by hand. Nobody else would.
  virtual Task<error_code> sweep(std::string) { co_return error_code(); }

  // Nothing is changed any more, and who watches is told `stopped`. What is held ends when its session does.
  virtual void stop() = 0;
};

}  // namespace mq::core
