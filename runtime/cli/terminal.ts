/**
 * Raw mode, so that the guest gets every key, Ctrl-C included. Returns what ends it; it ends with the process too,
 * however that comes about, for a shell in a raw terminal is of little use.
 */
export function enterRawMode(stream: NodeJS.ReadStream): () => void {
  if (!stream.isTTY) return () => undefined;
  const leave = () => {
    process.off('exit', leave);
    stream.setRawMode(false);
  };
  process.on('exit', leave);
  stream.setRawMode(true);
  return leave;
}
