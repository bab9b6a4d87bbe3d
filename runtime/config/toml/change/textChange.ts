/** How a text came from an earlier one: by one replacement, which is the least that there can be. */
export interface TextChange {
  readonly before: string;
  readonly after: string;
  /** Where both begin to differ. */
  readonly from: number;
  /** Where the earlier text continues like the later one. */
  readonly to: number;
  /** By how many characters everything from `to` on has moved. */
  readonly shift: number;
}

export function textChange(before: string, after: string): TextChange {
  const shorter = Math.min(before.length, after.length);
  const from = longest(shorter, (length, known) => before.slice(known, length) === after.slice(known, length));
  const tail = (text: string, length: number, known: number) => text.slice(text.length - length, text.length - known);
  const same = longest(shorter - from, (length, known) => tail(before, length, known) === tail(after, length, known));
  return { before, after, from, to: before.length - same, shift: after.length - before.length };
}

/** The greatest length that holds, by halves: comparing slices is native code, comparing single characters is not. */
function longest(limit: number, holds: (length: number, known: number) => boolean): number {
  let known = 0;
  let end = limit;
  while (known < end) {
    const middle = Math.ceil((known + end) / 2);
    if (holds(middle, known)) known = middle;
    else end = middle - 1;
  }
  return known;
}
