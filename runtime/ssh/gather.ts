import type { Socket } from 'node:net';

/**
 * Hands on what is written in one go as one piece. ssh2 writes each packet by itself, and each write would wake the
 * server for some bytes: with thousands of requests, that is most of the time.
 */
export function gather(socket: Socket): Socket {
  let gathering = false;
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  const gathered = (...args: unknown[]): boolean => {
    if (!gathering) {
      gathering = true;
      socket.cork();
      process.nextTick(() => {
        gathering = false;
        socket.uncork();
      });
    }
    return write(...args);
  };
  return Object.assign(socket, { write: gathered });
}
