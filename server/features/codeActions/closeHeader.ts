import type { FixMaker } from './fix.ts';
import { restBeforeComment } from './lines.ts';

export const closeHeader: FixMaker = ({ text, syntax }, { span }) => {
  const section = syntax.document.root.sections.find(({ header }) => header.from === span.from);
  const { header } = section ?? {};
  if (header?.key === undefined || header.isClosed) return [];
  const closing = header.isArray ? ']]' : ']';
  const present = /^[ \t]*\]*/.exec(text.slice(header.key.to))?.[0] ?? '';
  const to = header.key.to + (present.includes(']') ? present.length : 0);
  if (restBeforeComment(text, to).trim() !== '') return [];
  const changes = [{ from: header.key.to, to, text: closing }];
  return [{ title: `Close the header with \`${closing}\``, changes, isPreferred: true }];
};
