/** The test files, in vitest's order: the larger first → the same, but those first that take longest however small they are. */
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What takes a minute, begun last, would leave a processor idle at the end. */
const LONG =
  /\/test\/(?:cases|demo|readme|pg\/(?:chaos|differential|example|hostile-text|script-forms))\.test\.ts$/;

export default class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLater = ({ project, moduleId }: TestSpecification): number =>
      (project.name === "core" ? 0 : 2) + (LONG.test(moduleId) ? 0 : 1);
    return sorted.toSorted((a, b) => isLater(a) - isLater(b));
  }
}
