#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Runs one ZooKeeper server of an ensemble.
#
#   ZOO_ID       its number, from 1
#   ZOO_SERVERS  the host names of all of them, in order and with spaces between; unset: it is alone
set -eu
data=/var/lib/zookeeper
id=${ZOO_ID:-1}
echo "$id" >"$data/myid"
{
    echo tickTime=2000
    echo initLimit=10
    echo syncLimit=5
    echo "dataDir=$data"
    echo clientPort=2181
    echo maxClientCnxns=1000
    echo admin.enableServer=false
    echo 4lw.commands.whitelist=ruok,srvr,mntr
    echo autopurge.snapRetainCount=5
    echo autopurge.purgeInterval=6
    number=1
    for server in ${ZOO_SERVERS:-}; do
        # It listens on all addresses, whatever its name resolves to in here.
        [ "$number" != "$id" ] || server=0.0.0.0
        echo "server.$number=$server:2888:3888"
        number=$((number + 1))
    done
} >"$data/zoo.cfg"
# shellcheck disable=SC2086 # the options are words
exec java ${TINTYPE_JAVA_OPTS:-} -cp '/opt/tintype/lib/*' org.apache.zookeeper.server.quorum.QuorumPeerMain "$data/zoo.cfg"
