# Splits a MIME multipart message into `dir`/part-N (part-N.base64 when so encoded).

{ sub(/\r$/, "") }

!boundary {
  if (match($0, /boundary="?[^";]+/)) {
    boundary = substr($0, RSTART + 9, RLENGTH - 9)
    sub(/^"/, "", boundary)
  }
  next
}

$0 == "--" boundary { start_part(); next }
$0 == "--" boundary "--" { finish(); exit }
!in_part { next }

in_header {
  if ($0 == "") in_header = 0
  else if (tolower($0) ~ /^content-transfer-encoding: *base64/) file = file ".base64"
  next
}

# One line behind, because the newline before a boundary belongs to the boundary.
{ if (held) print last > file; last = $0; held = 1 }

function start_part() {
  finish()
  in_part = in_header = 1
  file = dir "/part-" ++parts
}

function finish() {
  if (held) { print last > file; close(file) }
  held = 0
}
