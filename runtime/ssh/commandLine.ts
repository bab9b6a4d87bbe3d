/**
 * Words of a command as one line for the remote shell, which is all that SSH can send. One word is a line of shell
 * already; of several, each arrives as it was typed.
 */
export function remoteCommand(words: readonly string[]): string | undefined {
  if (words.length <= 1) return words[0];
  return words.map(quoteWord).join(' ');
}

/** For POSIX sh: nothing is special inside single quotes but the quote that ends them. */
function quoteWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
