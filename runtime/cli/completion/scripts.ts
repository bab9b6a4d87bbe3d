export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/**
 * What a shell evaluates once. Each asks `castra complete -- WORDS` for lines of a value, a tab and a description, and
 * falls back to file names when there are none. Words are handed on as they are, never evaluated again.
 */
export const scripts: Readonly<Record<Shell, string>> = {
  // bash 3.2, which macOS has, knows neither mapfile nor nosort.
  bash: `_castra() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <(castra complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  # A path follows VM: directly; bash 3.2 has no compopt.
  if [[ \${COMPREPLY[0]-} == *: ]]; then compopt -o nospace 2>/dev/null; fi
}
complete -o default -F _castra castra
`,
  zsh: `#compdef castra
_castra() {
  local -a candidates
  local line
  for line in "\${(@f)$(castra complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n $line ]] && candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  if (( $#candidates )); then _describe castra candidates; else _files; fi
}
compdef _castra castra
`,
  fish: `function __castra_complete
  set -l words (commandline -opc) (commandline -ct)
  castra complete -- $words[2..-1] 2>/dev/null
end
complete -c castra -a '(__castra_complete)'
`,
};
