const MAX_SHOWN = 120;

/** A text as Markdown code, on one line. A backquote inside needs a longer fence (CommonMark, "Code spans"). */
export function code(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  const short = line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN)}…` : line;
  return short.includes('`') ? `\`\` ${short} \`\`` : `\`${short}\``;
}
