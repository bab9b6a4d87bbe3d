import { configTemplate } from '../../runtime/config/template.ts';
import { REALISTIC } from './castraTexts.ts';

const COMPACT = `version="0.2.0"
project={name="compact",state_dir='.s'}
vms=[{name="a",count=2,cpus=1,memory="512 MiB",port_forwards=[{host=0,guest=22},{host=8080,guest=80,protocol="udp"}]},
{name="b",base_image="https://example.org/b.qcow2",base_image_sha256="${'0123456789abcdef'.repeat(4)}"}]
`;

const DOTTED = `version = '0.1.0'
project.name = 'dotted'
project . accelerator = 'tcg'
broker.port = 7_071
lifecycle.graceful_shutdown_wait_secs = 0x1E
images.mirrors = ['https://mirror.example/alpine/']

[[vms]]
name = 'one'
bootstrap.mode = 'skip'
bootstrap.env.PATH = '/usr/bin:/bin'
bootstrap.env."quoted key" = 'it is "so"'
`;

const COMMENTS = `# castra: ten words before anything else
# version = "0.1.0"

version = "0.2.0" # [not.a.table]
[project] # name = "no"
# name = "neither"
name = "comments" # "open quote
#[[vms]]
[[vms]] #]]
name = "a" ### many
qemu_args = [ # why
  # -nodefaults
  "-device", # "the first
  "virtio-rng-pci" # no comma
  # the end
]
`;

const SCRIPTS = `version = "0.2.0"

[project]
name = "scripts"

[[vms]]
name = "cloud"
user_data = """
#cloud-config
users:
  - name: me
    keys: ["ssh-ed25519 AAAA = [x]"]
runcmd:
  - |
    cat > /etc/motd <<EOF
    [section]
    key = "value" \\\\
    EOF
"""
description = '''
C:\\path "quoted"
''two'' quotes'''

[[vms]]
name = "joined"
description = """one \\
    line \\

    only, with \\u00e9 and \\U0001F600 and \\x41\\t"""
ready = 'serial:^login: \\d+$'
`;

const UNICODE = `version = "0.2.0"
[project]
name = "größe" # 名前
[[vms]]
name = "rose"
description = "👩‍👩‍👧 family, e\u0301 combined, \u202e reversed"
"日本 語" = "キー"
bootstrap.mode = 'auto'
[vms.bootstrap.env]
'ключ' = "значение"
EMOJI = """
🐟🐠
🐡"""
`;

const REPLICAS = `version = "0.2.0"
[project]
name = "replicas"
[[vms]]
name = "web"
count = 3
[[vms.port_forwards]]
host = 8000
guest = 80
[[vms.instances]]
id = "web-0"
cpus = 8
[[vms.instances]]
id = "web-2"
port_forwards = [ { host = 9000, guest = 80 }, ]
[vms.bootstrap]
script = "web.sh"
env = { A = "1", "B" = '2' }
[[vms]]
name = "db"
[workflows]
init = [ "up", "exec web -- true" ]
`;

/** Faults that people make, which stay in the text while they type on; two are of the syntax. */
const WRONG = `versoin = "0.2.0"
[project]
name = demo
[vms]
name = "a"
cpus = "two"
memory = "1 PiB"
[[vms.port_forwards]]
host: 80
guest = 80
`;

/** Ten files as people write them, each in a style of its own; the first two are also typed in every quick test. */
export const TYPED: Readonly<Record<string, string>> = {
  'everything, and Windows line ends': REALISTIC.replaceAll('\n', '\r\n'),
  scripts: SCRIPTS,
  template: configTemplate('demo'),
  compact: COMPACT,
  'dotted keys': DOTTED,
  comments: COMMENTS,
  unicode: UNICODE,
  replicas: REPLICAS,
  wrong: WRONG,
  'tabs and no line break at the end': REPLICAS.replaceAll(/^(?=\w)/gm, '\t').trimEnd(),
};

/** One more, of the other kind. */
export const TYPED_BOOTSTRAP = `# How web is set up.
handshake_identity = "web"
handshake_timeout_secs = 60
remote_dir = "/opt/setup"
env = { A = "1", "B" = 'é😀' }
[verify]
command = """
test -f /etc/ready \\
  && true"""
[ssh]
identity = "keys/id"
options = [
  "BatchMode=yes", # without a user
]
`;
