interface HostTest {
  readonly title: string;
  readonly body: () => void | Promise<void>;
}

const tests: HostTest[] = [];

/** A test inside the extension host. node:test is no help there: its report comes when the process ends. */
export function hostTest(title: string, body: () => void | Promise<void>): void {
  tests.push({ title, body });
}

/** Runs all tests one after the other; fails with how many failed, when their reports are out. */
export async function runHostTests(): Promise<void> {
  let failed = 0;
  for (const { title, body } of tests) {
    try {
      await body();
      console.log(`ok: ${title}`);
    } catch (error) {
      failed++;
      console.log(`FAILED: ${title}\n${error instanceof Error ? error.stack : error}`);
    }
  }
  if (tests.length === 0) throw new Error('There are no tests.');
  if (failed > 0) throw new Error(`${failed} of ${tests.length} tests failed`);
}
