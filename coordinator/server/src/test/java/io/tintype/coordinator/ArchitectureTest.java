// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** What the roles may know of each other. */
@AnalyzeClasses(packages = "io.tintype.coordinator", importOptions = DoNotIncludeTests.class)
final class ArchitectureTest {
    private static final String UPLOAD = "io.tintype.coordinator.upload..";
    private static final String RETRIEVAL = "io.tintype.coordinator.retrieval..";
    private static final String CONTROL = "io.tintype.coordinator.control..";
    private static final String HTTP = "io.tintype.coordinator.http..";

    @ArchTest
    static final ArchRule uploadsKnowNothingOfRetrieval = noClasses()
            .that()
            .resideInAPackage(UPLOAD)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(RETRIEVAL, CONTROL, HTTP);

    @ArchTest
    static final ArchRule retrievalKnowsNothingOfUploads = noClasses()
            .that()
            .resideInAPackage(RETRIEVAL)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(UPLOAD, CONTROL, HTTP);

    @ArchTest
    static final ArchRule onlyTheFrontendKnowsJetty = noClasses()
            .that()
            .resideOutsideOfPackage(HTTP)
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.eclipse.jetty..");

    private ArchitectureTest() {}
}
