// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import com.tngtech.archunit.lang.syntax.elements.GivenClassesConjunction;
import org.jspecify.annotations.NullMarked;

/** Which part may know which. Lives here because only this module sees all the others. */
@AnalyzeClasses(packages = "io.tintype", importOptions = DoNotIncludeTests.class)
final class ArchitectureTest {
    private static final String GENERATED = "io.tintype.proto..";

    /** Proto's own Java: everything that no other module claims. */
    private static final String[] CONTRACT = {
        GENERATED,
        "io.tintype.model..",
        "io.tintype.checksum..",
        "io.tintype.wire..",
        "io.tintype.heads..",
        "io.tintype.trace.."
    };

    @ArchTest
    static final ArchRule modulesPointOneWay = layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .withOptionalLayers(true)
            .layer("proto")
            .definedBy(CONTRACT)
            .layer("cluster")
            .definedBy("io.tintype.cluster..")
            .layer("coordinator")
            .definedBy("io.tintype.coordinator..")
            .layer("storage node")
            .definedBy("io.tintype.storage..")
            .layer("client SDK")
            .definedBy("io.tintype.client..")
            .layer("tools")
            .definedBy("io.tintype.tools..")
            .whereLayer("proto")
            .mayNotAccessAnyLayer()
            .whereLayer("cluster")
            .mayOnlyAccessLayers("proto")
            .whereLayer("coordinator")
            .mayOnlyAccessLayers("proto", "cluster")
            .whereLayer("storage node")
            .mayOnlyAccessLayers("proto", "cluster")
            .whereLayer("client SDK")
            .mayOnlyAccessLayers("proto");

    @ArchTest
    static final ArchRule packagesHaveNoCycles =
            slices().matching("io.tintype.(**)").should().beFreeOfCycles().allowEmptyShould(true);

    @ArchTest
    static final ArchRule everyPackageIsNullMarked = classes(DescribedPredicate.not(resideInAPackage(GENERATED)))
            .should(liveInANullMarkedPackage())
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule theContractDoesNoInputOrOutput = noClasses(resideInAnyPackage(CONTRACT))
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("java.nio.file..", "java.net..", "io.grpc.netty..", "org.slf4j..")
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule theReplicationCoreIsPure = classes(resideInAPackage("io.tintype.storage.replica.."))
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    "io.tintype.storage.replica..",
                    "io.tintype.model..",
                    "java.lang..",
                    "java.util..",
                    "org.jspecify.annotations..")
            .andShould()
            .onlyDependOnClassesThat(notConcurrent())
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule onlyStorageKnowsRocksDb = noClasses(DescribedPredicate.not(resideInAnyPackage(
                    "io.tintype.storage..",
                    "io.tintype.cluster.rocks..",
                    "io.tintype.coordinator.cache..",
                    "io.tintype.tools.bench..")))
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.rocksdb..")
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule onlyClusterKnowsZooKeeper = noClasses(
                    DescribedPredicate.not(resideInAPackage("io.tintype.cluster..")))
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.apache.curator..", "org.apache.zookeeper..")
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule theInsideOfTheSdkStaysInside = noClasses(
                    DescribedPredicate.not(resideInAPackage("io.tintype.client..")))
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.tintype.client.internal..")
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule onlyTheCommandLinePrints = noClasses(
                    DescribedPredicate.not(resideInAnyPackage("io.tintype.tools..", "io.tintype.examples..")))
            .should(ACCESS_STANDARD_STREAMS)
            .allowEmptyShould(true);

    private ArchitectureTest() {}

    private static GivenClassesConjunction classes(DescribedPredicate<? super JavaClass> which) {
        return ArchRuleDefinition.classes().that(which);
    }

    private static GivenClassesConjunction noClasses(DescribedPredicate<? super JavaClass> which) {
        return ArchRuleDefinition.noClasses().that(which);
    }

    private static DescribedPredicate<JavaClass> notConcurrent() {
        return DescribedPredicate.not(resideInAPackage("java.util.concurrent.."))
                .as("not in java.util.concurrent");
    }

    private static ArchCondition<JavaClass> liveInANullMarkedPackage() {
        return new ArchCondition<>("live in a package whose package-info says @NullMarked") {
            @Override
            public void check(JavaClass type, ConditionEvents events) {
                if (!type.getPackage().isAnnotatedWith(NullMarked.class)) {
                    events.add(SimpleConditionEvent.violated(
                            type,
                            type.getPackageName() + " of " + type.getName() + " has no @NullMarked package-info"));
                }
            }
        };
    }
}
