/** The known word that was probably meant: at most a third of its letters differ. */
export function suggest(word: string, known: readonly string[]): string | undefined {
  const typed = word.toLowerCase();
  let best: { readonly word: string; readonly distance: number } | undefined;
  for (const candidate of known) {
    const allowed = Math.max(1, Math.floor(Math.max(typed.length, candidate.length) / 3));
    // Each letter too many or too few is a slip by itself.
    if (Math.abs(typed.length - candidate.length) > allowed) continue;
    const distance = slips(typed, candidate);
    if (distance <= allowed && distance < (best?.distance ?? Number.POSITIVE_INFINITY)) {
      best = { word: candidate, distance };
    }
  }
  return best?.word;
}

/**
 * How many slips of the keyboard lie between two words: a letter too many, too few, wrong, or two in the wrong order.
 * The restricted Damerau-Levenshtein distance ("optimal string alignment").
 */
function slips(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const wrong = (last[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const cheapest = Math.min(wrong, (last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1);
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current.push(isSwap ? Math.min(cheapest, (beforeLast[column - 2] ?? 0) + 1) : cheapest);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}
