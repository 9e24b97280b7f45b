// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/write_txn_markers.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::WriteTxnMarkersRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::WriteTxnMarkersResponse>;
