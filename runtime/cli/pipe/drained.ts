/** Node queues what a slow reader has not taken yet; more is asked for only when it has. */
export async function drained(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) if (stream.writableNeedDrain) await room(stream);
}

/** One wait for all VMs: each of its own would add listeners. */
const waits = new Map<NodeJS.WriteStream, Promise<void>>();

function room(stream: NodeJS.WriteStream): Promise<void> {
  const known = waits.get(stream);
  if (known) return known;
  const wait = new Promise<void>((done) => {
    const end = () => {
      stream.off('drain', end);
      stream.off('close', end);
      waits.delete(stream);
      done();
    };
    stream.on('drain', end);
    stream.on('close', end);
  });
  waits.set(stream, wait);
  return wait;
}
