// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Random;
import java.util.Timer;

/** The core decides and does nothing else: what it needs from outside comes in with the event. */
@AnalyzeClasses(packages = "io.tintype.storage.replica", importOptions = DoNotIncludeTests.class)
final class PurityTest {
    @ArchTest
    static final ArchRule knowsValuesAndCollectionsOnly = classes()
            .should()
            .onlyDependOnClassesThat(resideInAnyPackage(
                    "io.tintype.storage.replica",
                    "io.tintype.model",
                    "java.lang",
                    "java.lang.invoke",
                    "java.lang.runtime",
                    "java.util",
                    "java.util.function",
                    "java.util.random",
                    "java.util.stream",
                    "org.jspecify.annotations"));

    @ArchTest
    static final ArchRule readsNoClockAndStartsNoThread = noClasses()
            .should()
            .callMethod(System.class, "nanoTime")
            .orShould()
            .callMethod(System.class, "currentTimeMillis")
            .orShould()
            .dependOnClassesThat()
            .areAssignableTo(Thread.class)
            .orShould()
            .dependOnClassesThat()
            .belongToAnyOf(Random.class, Timer.class);
}
