# SPDX-License-Identifier: Apache-2.0
# Tests of the finished program from outside: real clients, real failures. See clients/README.md.

set(PYTHON /usr/bin/python3)  # Debian's, which has the packages

function(mq_client_test name)
  add_test(NAME clients_${name}
           COMMAND ${PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/clients/broker.py $<TARGET_FILE:mq> -- ${ARGN}
           WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/clients)
  set_tests_properties(clients_${name} PROPERTIES TIMEOUT 300)
endfunction()
mq_client_test(kcat ./kcat.sh)
mq_client_test(rdkafka ./rdkafka.sh)
mq_client_test(confluent ${PYTHON} confluent.py)
mq_client_test(transactions ${PYTHON} confluent_transactions.py)
mq_client_test(kafka_python ${PYTHON} kafka_python.py)
mq_client_test(kafkajs ./kafkajs.sh)
mq_client_test(groups ${PYTHON} groups.py)
foreach(name consumer_protocol migration)  # members that hear quickly of what there is to do
  add_test(NAME clients_${name}
           COMMAND ${PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/clients/broker.py $<TARGET_FILE:mq>
                   -c groups.consumer_heartbeat_interval=500ms -- ./newest.sh ${name}.py
           WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/clients)
  set_tests_properties(clients_${name} PROPERTIES TIMEOUT 300)
endforeach()

# The page: what of it needs no browser, and a walk through all of it.
add_test(NAME browser_pure COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/browser/pure.sh)
add_test(NAME browser_walk COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/browser/walk.sh $<TARGET_FILE:mq>)
set_tests_properties(browser_pure browser_walk PROPERTIES TIMEOUT 600 SKIP_RETURN_CODE 77)

# What clients find in one broker they find in a cluster of three.
function(mq_cluster_test name)
  add_test(NAME cluster_${name}
           COMMAND ${PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/cluster/cluster.py $<TARGET_FILE:mq> -- ${ARGN}
           WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/clients)
  set_tests_properties(cluster_${name} PROPERTIES TIMEOUT 300)
endfunction()
mq_cluster_test(kcat ./kcat.sh)
mq_cluster_test(confluent ${PYTHON} confluent.py)
mq_cluster_test(transactions ${PYTHON} confluent_transactions.py)
mq_cluster_test(groups ${PYTHON} groups.py)
mq_cluster_test(cli ../cluster/cli.sh)
# faults, etcd_members, network and disks take as long as they are told; here they are short. tests/dev faults: 10 minutes each.
foreach(name faults exactly_once commits adopt directories restore etcd_members network disks balance racks rest)
  add_test(NAME cluster_${name} COMMAND ${PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/cluster/${name}.py $<TARGET_FILE:mq>)
  set_tests_properties(cluster_${name} PROPERTIES TIMEOUT 600 SKIP_RETURN_CODE 77)
endforeach()

# Exit status 77: cannot be tried here, and says why.
function(mq_crash_test name)
  add_test(NAME crash_${name}
           COMMAND ${PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/crash/${name}.py $<TARGET_FILE:mq>)
  set_tests_properties(crash_${name} PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77)
endfunction()
mq_crash_test(checker)
mq_crash_test(kill)
mq_crash_test(exactly_once)
set_tests_properties(crash_exactly_once PROPERTIES DEPENDS clients_kafkajs)  # which installs what its pipeline needs
mq_crash_test(commits)
mq_crash_test(forgetting)
mq_crash_test(full_disk)
mq_crash_test(loop_image)
add_test(NAME crash_migration
         COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/clients/newest.sh ../crash/migration.py $<TARGET_FILE:mq>)
set_tests_properties(crash_migration PROPERTIES TIMEOUT 300)
