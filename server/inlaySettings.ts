import { askToRefresh } from './documents/workspace.ts';
import type { FeatureContext } from './featureContext.ts';

/** `castra.inlayHints.*` of the client. */
export interface InlaySettings {
  readonly enable: boolean;
  readonly defaults: boolean;
  readonly ports: boolean;
  readonly overlay: boolean;
  readonly replicas: boolean;
}

export const ALL_HINTS: InlaySettings = { enable: true, defaults: true, ports: true, overlay: true, replicas: true };

/** Asks the client once, and again when it says that settings changed. What it does not say is on. */
export function inlaySettings({ connection, workspace, capabilities }: FeatureContext): () => Promise<InlaySettings> {
  let known: Promise<InlaySettings> | undefined;
  workspace.onSettings(() => {
    known = undefined;
    if (capabilities.workspace?.inlayHint?.refreshSupport) askToRefresh(connection.languages.inlayHint.refresh);
  });
  const ask = async () => {
    try {
      return readSettings(await connection.workspace.getConfiguration('castra.inlayHints'));
    } catch {
      // A client without such settings has all hints.
      return ALL_HINTS;
    }
  };
  return () => {
    if (capabilities.workspace?.configuration) known ??= ask();
    return known ?? Promise.resolve(ALL_HINTS);
  };
}

function readSettings(said: unknown): InlaySettings {
  const settings = (typeof said === 'object' && said !== null ? said : {}) as Readonly<Record<string, unknown>>;
  const isOn = (key: keyof InlaySettings) => settings[key] !== false;
  return {
    enable: isOn('enable'),
    defaults: isOn('defaults'),
    ports: isOn('ports'),
    overlay: isOn('overlay'),
    replicas: isOn('replicas'),
  };
}
