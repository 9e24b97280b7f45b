// SPDX-License-Identifier: Apache-2.0
// The segments that were not sealed when the journal was left: what is valid in them goes to the logs, full
// ones to the sealer, the newest back to the writer. On the opening thread.
#pragma once

#include "storage/journal_parts.h"
#include "storage/recovery.h"
#include "storage/replay.h"
#include "storage/writer.h"

namespace mq::storage {

class UnsealedSegments {
 public:
  UnsealedSegments(JournalParts& parts, Recovery& recovery) : parts_(parts), recovery_(recovery) {}

  error_code scan(const StopRow& stopped);  // reads only, as all up to replay()
  std::uint64_t changes() const;            // how many commits of meta they know of
  bool written() const;                     // one of them was written to
  bool sealed_unknown_to_meta() const;      // there is a table where the file is gone

  // What was lost is written down (Replay::finish) before anything changes that shows it. Returns where the
  // writer goes on.
  Result<Writer::Position> replay(Replay& replay);

 private:
  struct Segment {
    std::shared_ptr<SegmentFile> file;  // null: lost
    Scan scan;
    std::uint32_t number = 0;
    std::uint64_t bytes = 0;    // of the file, as it was made
    std::uint64_t missing = 0;  // of them
    bool untouched = false;     // nothing was ever written to it
    bool written() const { return file ? !scan.records.empty() || !scan.holes.empty() : !untouched; }
    bool full() const { return scan.end >= bytes; }
  };

  error_code open();
  error_code replay(const Segment& written, bool last, Replay& replay);
  error_code drop(const Segment& empty);
  error_code repair(const Segment& kept);
  error_code make_whole(const Segment& kept);

  JournalParts& parts_;
  Recovery& recovery_;
  std::vector<Segment> segments_;  // oldest first
  std::vector<Group::Closed> closed_;
  Writer::Position position_;
};

}  // namespace mq::storage
