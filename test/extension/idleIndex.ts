// On its own: the timers have to be watched before the extension is activated.
import './idle.ts';
import { runHostTests } from './hostTest.ts';

export const run: () => Promise<void> = runHostTests;
