// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.zk;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import io.tintype.proto.internal.v1.ClusterMeta;
import io.tintype.proto.internal.v1.ControllerEpoch;
import io.tintype.proto.internal.v1.CoordinatorLiveness;
import io.tintype.proto.internal.v1.DirectoryMap;
import io.tintype.proto.internal.v1.NodeIntent;
import io.tintype.proto.internal.v1.NodeLiveness;
import io.tintype.proto.internal.v1.NodeRegistration;
import io.tintype.proto.internal.v1.PlanPart;
import io.tintype.proto.internal.v1.PlanRecord;
import io.tintype.proto.internal.v1.PlansRecord;
import io.tintype.proto.internal.v1.PoolRecord;
import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.proto.internal.v1.ShardRecord;

/**
 * One kind of record as a znode's bytes: a protobuf message whose field {@code format} tells its version, of a bounded
 * size. Immutable.
 *
 * <p>A record of a newer format is refused rather than misread: the process that meets one is older than its cluster.
 */
public final class ZnodeCodec<T extends Message> {
    /** The format that this release writes, of all kinds of records. */
    public static final int FORMAT = 1;

    /** {@link Paths#META}. */
    public static final ZnodeCodec<ClusterMeta> META = of(ClusterMeta.getDefaultInstance(), 256);
    /** {@link Paths#CONTROLLER_EPOCH}. */
    public static final ZnodeCodec<ControllerEpoch> CONTROLLER_EPOCH = of(ControllerEpoch.getDefaultInstance(), 512);
    /** {@link Paths#nodeRegistration}. */
    public static final ZnodeCodec<NodeRegistration> NODE_REGISTRATION = of(NodeRegistration.getDefaultInstance(), 512);
    /** {@link Paths#nodeLiveness}. */
    public static final ZnodeCodec<NodeLiveness> NODE_LIVENESS = of(NodeLiveness.getDefaultInstance(), 1_024);
    /** {@link Paths#coordinator}. */
    public static final ZnodeCodec<CoordinatorLiveness> COORDINATOR =
            of(CoordinatorLiveness.getDefaultInstance(), 1_024);
    /** {@link Paths#pool}. */
    public static final ZnodeCodec<PoolRecord> POOL = of(PoolRecord.getDefaultInstance(), 1 << 10);
    /** {@link Paths#shard}. */
    public static final ZnodeCodec<ShardRecord> SHARD = of(ShardRecord.getDefaultInstance(), 4 << 10);
    /** {@link Paths#assignment}. */
    public static final ZnodeCodec<ShardAssignment> ASSIGNMENT = of(ShardAssignment.getDefaultInstance(), 2 << 10);
    /** {@link Paths#DIRECTORY_MAP}. */
    public static final ZnodeCodec<DirectoryMap> DIRECTORY_MAP = of(DirectoryMap.getDefaultInstance(), 65_536);

    /** {@link Paths#nodeIntent}. */
    public static final ZnodeCodec<NodeIntent> NODE_INTENT = of(NodeIntent.getDefaultInstance(), 256);
    /** {@link Paths#PLANS}. */
    public static final ZnodeCodec<PlansRecord> PLANS = of(PlansRecord.getDefaultInstance(), 512);
    /** {@link Paths#plan}. */
    public static final ZnodeCodec<PlanRecord> PLAN = of(PlanRecord.getDefaultInstance(), 32 << 10);
    /** {@link Paths#planPart}. */
    public static final ZnodeCodec<PlanPart> PLAN_PART = of(PlanPart.getDefaultInstance(), 160 << 10);

    private final Parser<T> parser;
    private final FieldDescriptor formatField;
    private final int maxBytes;

    private ZnodeCodec(Parser<T> parser, FieldDescriptor formatField, int maxBytes) {
        this.parser = parser;
        this.formatField = formatField;
        this.maxBytes = maxBytes;
    }

    @SuppressWarnings("unchecked") // a message's parser yields messages of its own type
    private static <T extends Message> ZnodeCodec<T> of(T prototype, int maxBytes) {
        return new ZnodeCodec<>(
                (Parser<T>) prototype.getParserForType(),
                prototype.getDescriptorForType().findFieldByName("format"),
                maxBytes);
    }

    /**
     * The bytes to write at a path.
     *
     * @throws ZnodeFormatException if they exceed this kind's limit, or the record's format is not the current one
     */
    public byte[] encode(String path, T record) {
        if (format(record) != FORMAT) {
            throw new ZnodeFormatException(
                    "The record for " + path + " has format " + format(record) + ", not " + FORMAT + ".");
        }
        if (record.getSerializedSize() > maxBytes) {
            throw new ZnodeFormatException("The record for " + path + " has " + record.getSerializedSize()
                    + " bytes; the limit is " + maxBytes + ".");
        }
        return record.toByteArray();
    }

    /**
     * The record in a znode's bytes.
     *
     * @throws ZnodeFormatException if it is of a newer format, too long, or not such a record
     */
    public T decode(String path, byte[] data) {
        if (data.length > maxBytes) {
            throw new ZnodeFormatException(
                    "Znode " + path + " has " + data.length + " bytes; the limit is " + maxBytes + ".");
        }
        T record;
        try {
            record = parser.parseFrom(data);
        } catch (InvalidProtocolBufferException e) {
            throw new ZnodeFormatException("Znode " + path + " does not hold a record of Tintype.", e);
        }
        int format = format(record);
        if (format > FORMAT) {
            throw new ZnodeFormatException("Znode " + path + " has format " + format + "; this release reads up to "
                    + FORMAT + ". Upgrade this process.");
        }
        if (format < 1) {
            throw new ZnodeFormatException("Znode " + path + " does not hold a record of Tintype: it has no format.");
        }
        return record;
    }

    private int format(T record) {
        return (int) record.getField(formatField);
    }
}
