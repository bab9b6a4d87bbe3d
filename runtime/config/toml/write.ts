/** A TOML basic string. Halves of surrogate pairs cannot be written in UTF-8. */
export function basicString(content: string): string {
  const text = content.replace(/\p{Surrogate}/gu, '\uFFFD');
  const escaped = text.replace(/["\\\p{Cc}]/gu, (character) =>
    character === '"' || character === '\\' ? `\\${character}` : escapeControl(character),
  );
  return `"${escaped}"`;
}

const shortEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escapeControl(character: string): string {
  const hex = character.charCodeAt(0).toString(16).padStart(4, '0').toUpperCase();
  return shortEscapes[character] ?? `\\u${hex}`;
}
