/** What the `castra` of integrated terminals runs. */
export interface LauncherTarget {
  /** The extension host's own program, which runs as Node with ELECTRON_RUN_AS_NODE; another one after an update of VS Code. */
  readonly node: string;
  /** Path of dist/cli.js. */
  readonly cli: string;
}

/**
 * The launcher for sh. In turn: `CASTRA_NODE`, the extension host's Node, `node` on PATH. On a remote host the second
 * is in a folder with the server's commit, of which only the last five are kept (vscode-remote-release#6171).
 *
 * `NODE_OPTIONS` is unset, for the debugger's auto-attach puts itself there. What Electron needs to be Node is deleted
 * by the command line itself, first of all.
 */
export function shellLauncher({ node, cli }: LauncherTarget): string {
  return `#!/bin/sh
# Written by the Castra extension of VS Code whenever it starts: changes are lost.
cli=${shellQuote(cli)}
if [ ! -f "$cli" ]; then
  printf '%s\\n' "castra: $cli is missing. Start VS Code with the Castra extension once, and try again." >&2
  exit 127
fi
unset NODE_OPTIONS
export ELECTRON_RUN_AS_NODE=1 ELECTRON_NO_ASAR=1
for node in "\${CASTRA_NODE-}" ${shellQuote(node)} "$(command -v node)"; do
  if [ -f "$node" ] && [ -x "$node" ]; then exec "$node" "$cli" "$@"; fi
done
printf '%s\\n' 'castra: Node was not found. Start VS Code once, install Node 20.19 or newer, or set CASTRA_NODE.' >&2
exit 127
`;
}

/** In single quotes nothing has a meaning but the quote itself. */
export const shellQuote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

export interface CmdTarget extends LauncherTarget {
  /** The user's folder. Named by its variable: cmd.exe reads files in the code page of old, where a name may not exist. */
  readonly home: string;
}

/**
 * The same for cmd.exe and PowerShell, which both find a .cmd; a .ps1 might be forbidden by the execution policy.
 * Names of variables have no case there, so ours must differ from CASTRA_NODE by more.
 */
export function cmdLauncher({ node, cli, home }: CmdTarget): string {
  const lines = [
    '@echo off',
    'rem Written by the Castra extension of VS Code whenever it starts: changes are lost.',
    'setlocal DisableDelayedExpansion',
    `set "_castra_cli=${cmdPath(cli, home)}"`,
    'if exist "%_castra_cli%" goto find',
    'echo castra: its files are missing. Start VS Code with the Castra extension once, and try again. 1>&2',
    'exit /b 127',
    ':find',
    'set "NODE_OPTIONS="',
    'set "ELECTRON_RUN_AS_NODE=1"',
    'set "ELECTRON_NO_ASAR=1"',
    'set "_castra_node=%CASTRA_NODE%"',
    'if defined _castra_node if exist "%_castra_node%" goto run',
    `set "_castra_node=${cmdPath(node, home)}"`,
    'if exist "%_castra_node%" goto run',
    'set "_castra_node="',
    'for %%n in (node.exe) do set "_castra_node=%%~$PATH:n"',
    'if defined _castra_node goto run',
    'echo castra: Node was not found. Start VS Code once, or set CASTRA_NODE. 1>&2',
    'exit /b 127',
    ':run',
    '"%_castra_node%" "%_castra_cli%" %*',
    'exit /b %errorlevel%',
    '',
  ];
  return lines.join('\r\n');
}

/** A quote cannot be in a name on Windows; a percent sign can, and is doubled. */
function cmdPath(path: string, home: string): string {
  const isBelow = home !== '' && path.toLowerCase().startsWith(`${home.toLowerCase()}\\`);
  const rest = (isBelow ? path.slice(home.length) : path).replaceAll('%', '%%');
  return isBelow ? `%USERPROFILE%${rest}` : rest;
}
