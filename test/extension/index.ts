// What runs inside VS Code's extension host: both @vscode/test-electron and the tests' workbench call run().
// A file of tests is imported here, and calls hostTest().
import './castra.ts';
import { runHostTests } from './hostTest.ts';

export const run: () => Promise<void> = runHostTests;
