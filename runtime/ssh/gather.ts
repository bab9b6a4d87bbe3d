import type { Socket } from 'node:net';

/**
 * Hands on what is written in one go as one piece. ssh2 writes each packet by itself, and each write would wake the
 * server for some bytes: with thousands of requests, that is most of the time. What was written before the socket is
 * destroyed still goes: it may be the request to end a command.
 */
export function gather(socket: Socket): Socket {
  let isGathering = false;
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  const destroy = socket.destroy.bind(socket);
  const release = () => {
    if (!isGathering) return;
    isGathering = false;
    socket.uncork();
  };
  const gathered = (...args: unknown[]): boolean => {
    if (!isGathering) {
      isGathering = true;
      socket.cork();
      process.nextTick(release);
    }
    return write(...args);
  };
  const released = (error?: Error): Socket => {
    release();
    return destroy(error);
  };
  return Object.assign(socket, { write: gathered, destroy: released });
}
