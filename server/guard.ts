import { type CancellationToken, type Connection, LSPErrorCodes, ResponseError } from 'vscode-languageserver';
import { messageOf } from '../runtime/contract/failures.ts';

/** Wraps a handler, so that a bug of ours answers an error and the server lives on. */
export type Guard = <Params, Result>(
  name: string,
  handler: (params: Params, token: CancellationToken) => Result | Promise<Result>,
) => (params: Params, token: CancellationToken) => Promise<Result>;

/** Each bug is logged once, with its stack: a client asks again with every key. */
export function makeGuard(connection: Connection): Guard {
  const logged = new Set<string>();
  return (name, handler) => async (params, token) => {
    // Requests that were cancelled while they waited need no answer any more.
    refuseCancelled(token);
    const result = await run(
      name,
      () => handler(params, token),
      (text) => {
        if (!logged.has(text)) connection.console.error(text);
        logged.add(text);
      },
    );
    refuseCancelled(token);
    return result;
  };
}

async function run<Result>(
  name: string,
  handler: () => Result | Promise<Result>,
  log: (text: string) => void,
): Promise<Result> {
  try {
    return await handler();
  } catch (error) {
    // A handler's own refusal, such as a rename to an impossible name, is not a bug.
    if (error instanceof ResponseError) throw error;
    log(`${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    throw new ResponseError(LSPErrorCodes.RequestFailed, `${name}: ${messageOf(error)}`);
  }
}

function refuseCancelled(token: CancellationToken): void {
  if (token.isCancellationRequested) throw new ResponseError(LSPErrorCodes.RequestCancelled, 'cancelled');
}
