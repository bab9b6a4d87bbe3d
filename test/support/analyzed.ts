import { readFileSync } from 'node:fs';
import { type Analysis, analyzeText } from '../../server/documents/analysis.ts';
import { mentionsOf } from '../../server/features/references.ts';
import type { PlacedMention } from '../../server/text/mentions.ts';
import { INVALID, VALID } from '../runtime/config/toml/fixtures.ts';

export const URI = 'file:///srv/demo/castra.toml';
/** The lines that a file needs before its first VM. */
export const HEAD = 'version = "0.2.0"\n[project]\nname = "demo"\n';

export function analyzed(text: string, uri = URI): Analysis {
  return analyzeText({ uri, version: 1, text }, { encoding: 'utf-16', home: '/home/me/.castra' });
}

/** Every place of one document that names the role at an offset. */
export function mentionsIn(analysis: Analysis, offset: number): PlacedMention[] {
  return mentionsOf(analysis, offset).map((mention) => ({ analysis, mention }));
}

/** Whole documents of every kind: the example, and one that has all that features look at, in every quoting. */
export const DOCUMENTS: readonly string[] = [
  readFileSync('examples/demo/castra.toml', 'utf8'),
  `${HEAD}state_dir = 'state'
bootstrap = { mode = "always", env = { A = '''x
y''' } }

# A role.
# In two lines.
[[vms]]
name = "web"
count = 3
base_image = "https://example.org/a.qcow2"
overlay = ".castra/o.qcow2"
needs = ["db", "db-0"]
when = 2024-02-03
[[vms.port_forwards]]
host = 8080
guest = 80
[[vms.instances]]
id = 'web-1'
memory = """
1 GiB"""
port_forwards = [
  { host = 1, guest = 2 }, # one
  { host = 0x10, guest = 3, protocol = "udp" },
]
[vms.bootstrap]
script = "run.sh"
[[vms]]
name = "d\\u0062"
user_data = "#cloud-config\\n"
bootstrap.payload = "p"
bind = "é😀"
[other."x y"]
`,
  'vms = [{ name = "a", count = 2, instances = [{ id = "a-1" }] }, { name = "b", needs = "a" }]\r\n[broker]\r\nport = 1\r\n',
];

/** Whole and broken documents of every kind, and each of ours cut off at many places, as they are while a user types. */
export function* prefixes(step = 1): Generator<Analysis> {
  for (const document of [VALID, INVALID].flatMap((corpus) => Object.values(corpus).flat())) yield analyzed(document);
  for (const document of DOCUMENTS) {
    for (let end = document.length; end >= 0; end -= step) yield analyzed(document.slice(0, end));
  }
}
