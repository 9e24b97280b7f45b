// SPDX-License-Identifier: Apache-2.0
// What was read from a log, on its way to a socket: the same memory and files in the words of the layer that
// sends.
#pragma once

#include <vector>

#include "core/types.h"
#include "storage/log.h"

namespace mq::core {

inline net::Pieces to_net(std::vector<storage::Piece>&& pieces) {
  net::Pieces out;
  out.reserve(pieces.size());
  for (storage::Piece& piece : pieces)
    out.push_back({std::move(piece.memory), std::move(piece.file), piece.position, piece.size});
  return out;
}

}  // namespace mq::core
