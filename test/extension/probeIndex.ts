// The rig's own tests: in every window, and one that fails in a workspace without a castra.toml.
import './probe.ts';
import { runHostTests } from './hostTest.ts';

export const run: () => Promise<void> = runHostTests;
