import { type FixMaker, insert } from './fix.ts';
import { valueAt } from './places.ts';

/** An open array or inline table, closed behind its last item. */
export const closeList: FixMaker = (analysis, { span }) => {
  const found = valueAt(analysis, span.from)?.value;
  if ((found?.kind !== 'array' && found?.kind !== 'inline') || !found.isOpen) return [];
  const [closing, what] = found.kind === 'array' ? [']', 'array'] : [' }', 'inline table'];
  const comma = /^[ \t]*,/.exec(analysis.text.slice(found.to))?.[0].length ?? 0;
  const changes = [insert(found.to + comma, closing)];
  return [{ title: `Close the ${what} with \`${closing.trim()}\``, changes, isPreferred: true }];
};
