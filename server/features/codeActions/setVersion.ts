import { nodeAt, valueSpan } from '../../../runtime/config/toml/meaning/meaning.ts';
import type { FixMaker } from './fix.ts';

/** Also for what only newer versions have: there VMs get other names, so it is not surely meant. */
export const setVersion: FixMaker = ({ syntax }, { finding }) => {
  const location = nodeAt(syntax.tree, ['version']);
  const place = location.rest.length === 0 ? valueSpan(location) : undefined;
  if (place === undefined) return [];
  const isSure = finding.code === 'config/version-unsupported';
  const changes = [{ from: place.from, to: place.to, text: '"0.2.0"' }];
  return [{ title: 'Write `version = "0.2.0"`', changes, ...(isSure ? { isPreferred: true } : {}) }];
};
