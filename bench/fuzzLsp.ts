// Types files and edits them at random, without end if need be: `npm run fuzz:lsp [-- EDITS [SEED]]`.
import { checkEdits } from '../test/support/editing.ts';
import { checkFeatures, checkTyped } from '../test/support/soundness.ts';
import { TYPED } from '../test/support/typedTexts.ts';

const EDITS = Number(process.argv[2] ?? 100_000);
const SEED = Number(process.argv[3] ?? 20261123);
/** Edits that one seed makes: a failure is found again by its own seed, quickly. */
const EDITS_PER_SEED = 1000;

const started = performance.now();
const texts = Object.values(TYPED);
let prefixes = 0;
for (const text of texts) {
  for (let end = 0; end <= text.length; end++, prefixes++) {
    checkFeatures(checkTyped(text.slice(0, end)), [end, end >> 1, 0]);
  }
}
report(`${prefixes} prefixes of ${texts.length} files: sound`);
for (let done = 0; done < EDITS; done += EDITS_PER_SEED) {
  checkEdits(texts, SEED + done, Math.min(EDITS_PER_SEED, EDITS - done));
}
report(`${EDITS} random edits from seed ${SEED}: the same as without them`);

function report(what: string): void {
  console.log(`${what} (${((performance.now() - started) / 1000).toFixed(0)} s)`);
}
