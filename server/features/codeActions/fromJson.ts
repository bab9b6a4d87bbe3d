import { tomlOfJson } from '../../../runtime/config/toml/fromJson.ts';
import type { FixMaker } from './fix.ts';
import { lineBreak } from './lines.ts';

/** A whole file in JSON, as other tools take it. */
export const fromJson: FixMaker = ({ text }, { span }) => {
  const body = text.replace(/^\uFEFF/, '');
  if (text[span.from] !== '{' || text.slice(0, span.from).trim() !== '') return [];
  const written = tomlOfJson(body);
  if (written === undefined) return [];
  const from = text.length - body.length;
  const changes = [{ from, to: text.length, text: written.replaceAll('\n', lineBreak(text)) }];
  return [{ title: 'Rewrite the file as TOML', changes, isPreferred: true, claim: 'file' }];
};
