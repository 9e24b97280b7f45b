// SPDX-License-Identifier: Apache-2.0
// Every command there is. A new one is a row here and a file that defines it.
#include "cli/frame/command.h"

namespace mq::cli {

extern const Command serve, produce, consume, tail, doctor;
extern const Command bench_produce, bench_consume, bench_e2e, bench_mixed;
extern const Command topic_list, topic_describe, topic_create, topic_alter, topic_delete, topic_offsets,
    topic_trim, topic_purge, topic_configs;
extern const Command group_list, group_describe, group_lag, group_seek, group_delete, group_forget,
    group_export, group_import, group_evict, group_peek;
extern const Command txn_list, txn_describe, txn_hanging, txn_abort;
extern const Command cluster_accept_restore, cluster_adopt, cluster_info, cluster_health, cluster_config;
extern const Command broker_list, broker_describe, broker_disk, broker_config;
extern const Command partition_list, partition_elect, partition_move, partition_recover;
extern const Command cluster_rebalance, cluster_moves;
extern const Command broker_drain, broker_resume, broker_decommission, broker_recommission, broker_unregister;
extern const Command storage_ls, storage_dump, storage_verify;
extern const Command config_validate, config_template, config_keys;
extern const Command check_ready, check_health, check_topic, check_group, check_disk;
extern const Command completion, complete, help, version;

const std::vector<const Command*>& commands() {
  static const std::vector<const Command*> table{
      &serve,
      &produce,
      &consume,
      &tail,
      &doctor,
      &topic_list,
      &topic_describe,
      &topic_create,
      &topic_alter,
      &topic_delete,
      &topic_offsets,
      &topic_trim,
      &topic_purge,
      &topic_configs,
      &group_list,
      &group_describe,
      &group_lag,
      &group_seek,
      &group_delete,
      &group_forget,
      &group_export,
      &group_import,
      &group_peek,
      &group_evict,
      &txn_list,
      &txn_describe,
      &txn_hanging,
      &txn_abort,
      &cluster_adopt,
      &cluster_accept_restore,
      &cluster_info,
      &cluster_health,
      &cluster_config,
      &cluster_rebalance,
      &cluster_moves,
      &broker_list,
      &broker_describe,
      &broker_disk,
      &broker_config,
      &broker_drain,
      &broker_resume,
      &broker_decommission,
      &broker_recommission,
      &broker_unregister,
      &partition_list,
      &partition_elect,
      &partition_move,
      &partition_recover,
      &check_ready,
      &check_health,
      &check_topic,
      &check_group,
      &check_disk,
      &bench_produce,
      &bench_consume,
      &bench_e2e,
      &bench_mixed,
      &storage_ls,
      &storage_dump,
      &storage_verify,
      &config_validate,
      &config_template,
      &config_keys,
      &completion,
      &help,
      &version,
      &complete,
  };
  return table;
}

}  // namespace mq::cli
