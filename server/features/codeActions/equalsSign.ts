import type { FixMaker } from './fix.ts';

export const equalsSign: FixMaker = ({ text }, { span: { from, to } }) => {
  if (text[from] !== ':') return [];
  const before = /\s/.test(text[from - 1] ?? ' ') ? '' : ' ';
  const after = /\s/.test(text[to] ?? ' ') ? '' : ' ';
  return [
    { title: 'Write `=` instead of `:`', changes: [{ from, to, text: `${before}=${after}` }], isPreferred: true },
  ];
};
