export interface Links {
  readonly links: readonly string[];
  readonly pictures: readonly string[];
  /** Of headings. */
  readonly anchors: readonly string[];
}

/** What a page of Markdown leads to, and where links can lead in it. */
export function linksOf(page: string): Links {
  const text = page.replaceAll(/^```[\s\S]*?^```/gm, '');
  const targets = [...text.replaceAll(/`[^`\n]*`/g, 'code').matchAll(/(!?)\[[^\]]*\]\(([^)\s]+)\)/g)];
  const of = (mark: string) => targets.filter(([, own]) => own === mark).map(([, , target]) => String(target));
  return { links: of(''), pictures: of('!'), anchors: anchorsOf(text) };
}

/** As GitHub, npm and VS Code make them: lower case, letters, digits and hyphens; repeated ones are numbered. */
function anchorsOf(text: string): string[] {
  const seen = new Map<string, number>();
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) => {
    const words = title.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = words
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-');
    const times = seen.get(anchor) ?? 0;
    seen.set(anchor, times + 1);
    return times === 0 ? anchor : `${anchor}-${times}`;
  });
}
