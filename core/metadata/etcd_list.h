// SPDX-License-Identifier: Apache-2.0
// All entries under the prefix at one revision, page by page. Lives on the loop; a page is parsed by a
// worker.
#pragma once

#include "core/metadata/etcd_client.h"

namespace mq::core {

// Begins again when its revision is compacted away meanwhile. Says why it failed.
Task<Result<MetadataUpdate>> list_entries(std::shared_ptr<EtcdClient> client);

}  // namespace mq::core
