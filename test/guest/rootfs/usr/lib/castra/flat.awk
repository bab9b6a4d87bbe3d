# Flattens the YAML that cloud-init files are made of (JSON included) into lines of
#   path/to/0/value<TAB>text
# with \n, \t and \\ in the text escaped. Knows block and flow collections, quoted and
# plain scalars on one line, and | and > blocks; no anchors, tags or folded plain scalars.

BEGIN { KEY = "^(\"[^\"]*\"|'[^']*'|[A-Za-z0-9_.-]+) *:( |$)" }

{ sub(/\r$/, ""); line[++count] = $0 }

END {
  at = 1
  skip_blank()
  if (line[at] ~ /^[[{]/) flow(from_here(line[at]), "")
  else if (at <= count) block(indent(line[at]), "")
}

function indent(s) { match(s, /^ */); return RLENGTH }
function join(path, key) { return path == "" ? key : path "/" key }
function trim(s) { gsub(/^[ \t\n]+|[ \t\n]+$/, "", s); return s }
function skip_blank() { while (at <= count && line[at] ~ /^ *(#|$|---$)/) at++ }

function emit(path, s) {
  gsub(/\\/, "\\\\", s); gsub(/\n/, "\\n", s); gsub(/\t/, "\\t", s)
  print path "\t" s
}

function dashed(s) { return s ~ /^ *-( |$)/ }

# A sequence or a mapping whose items begin in column `col`. It ends where the kind changes:
# a sequence may stand in the same column as the next key of the mapping around it.
function block(col, path,    is_list, n, key, rest) {
  is_list = dashed(line[at])
  while (at <= count) {
    skip_blank()
    if (at > count || indent(line[at]) != col || dashed(line[at]) != is_list) return
    rest = substr(line[at], col + 1)
    if (is_list) {
      sub(/^- */, "", rest)
      item(rest, length(line[at]) - length(rest), col, join(path, n++ + 0), 1)
    } else if (match(rest, KEY)) {
      key = substr(rest, 1, RLENGTH)
      rest = trim(substr(rest, RLENGTH + 1))
      sub(/ *: ?$/, "", key); gsub(/^["']|["']$/, "", key)
      item(rest, 0, col, join(path, key), 0)
    } else at++ # not understood: leave it out
  }
}

# The value after `- ` or `key: `. `col` is the column of the dash or key, `inner` that of
# what follows a dash.
function item(rest, inner, col, path, after_dash,    next_col) {
  if (rest == "" || rest ~ /^#/) {
    at++
    skip_blank()
    if (at > count) return
    next_col = indent(line[at])
    if (next_col > col || (next_col == col && !after_dash && dashed(line[at]))) block(next_col, path)
  } else if (after_dash && (dashed(rest) || rest ~ KEY)) {
    line[at] = sprintf("%" inner "s", "") rest # the same text without its dash
    block(inner, path)
  } else if (rest ~ /^[|>]/) text_block(rest, col, path)
  else if (rest ~ /^[[{"']/) flow(from_here(rest), path)
  else {
    at++
    sub(/ +#.*$/, "", rest)
    emit(path, trim(rest))
  }
}

function text_block(style, col, path,    s, first, sep) {
  sep = (style ~ /^>/) ? " " : "\n"
  for (at++; at <= count; at++) {
    if (line[at] !~ /^ *$/ && indent(line[at]) <= col) break
    if (!first && line[at] !~ /^ *$/) first = indent(line[at])
    s = s substr(line[at], first + 1) sep
  }
  sub(/[ \n]+$/, "", s)
  emit(path, s (style ~ /-/ ? "" : "\n"))
}

# The rest of this line and all that follow, for a value that may span lines.
function from_here(rest,    i, s) {
  s = rest
  flow_start = at
  for (i = at + 1; i <= count; i++) s = s "\n" line[i]
  return s
}

# Parses one flow value at the start of s, then moves `at` past the lines it took.
function flow(s, path,    used) {
  S = s
  P = 1
  value(path)
  used = substr(S, 1, P - 1)
  at = flow_start + gsub(/\n/, "", used) + 1
}

function spaces() { while (substr(S, P, 1) ~ /[ \t\n]/ && P <= length(S)) P++ }

function value(path,    c, n, key) {
  spaces()
  c = substr(S, P, 1)
  if (c == "[" || c == "{") {
    for (P++; P <= length(S);) {
      spaces()
      if (substr(S, P, 1) ~ /[]}]/) { P++; return }
      if (substr(S, P, 1) == ",") { P++; continue }
      if (c == "{") {
        key = text(":")
        spaces()
        if (substr(S, P, 1) == ":") P++
        value(join(path, key))
      } else value(join(path, n++ + 0))
    }
  } else emit(path, text(",]}"))
}

# A quoted string, or a plain one up to a character in `ends`.
function text(ends,    c, s) {
  c = substr(S, P, 1)
  if (c == "\"") {
    for (P++; P <= length(S) && (c = substr(S, P, 1)) != "\""; P++) {
      if (c == "\\") {
        c = substr(S, ++P, 1)
        if (c == "n") c = "\n"
        else if (c == "t") c = "\t"
        else if (c == "r") c = "\r"
      }
      s = s c
    }
    P++
    return s
  }
  if (c == "'") {
    for (P++; P <= length(S); P++) {
      c = substr(S, P, 1)
      if (c == "'" && substr(S, ++P, 1) != "'") return s
      s = s c
    }
    return s
  }
  for (; P <= length(S) && index(ends "\n", c = substr(S, P, 1)) == 0; P++) s = s c
  return trim(s)
}
