// What client and server say to each other beyond LSP. The client imports it, so it holds names and types only.
import type { HostFacts } from '../runtime/config/findings/hostFacts.ts';

/** Client to server: what the host of a project is like now. The server looks at no port and starts no program. */
export const HOST_FACTS = 'castra/hostFacts';

export interface HostFactsParams {
  /** Of castra.toml. */
  readonly uri: string;
  readonly facts: HostFacts;
}
