"""What cloud-init makes of the user data on standard input, told by its own code, as JSON.

The folder of its Python modules is in PYTHONPATH. Nothing is applied; the paths are below the folder given.
"""

import json
import sys

from cloudinit import handlers, helpers, user_data
from cloudinit.distros import ug_util
from cloudinit.handlers.cloud_config import CloudConfigPartHandler
from cloudinit.handlers.jinja_template import JinjaTemplatePartHandler
from cloudinit.settings import PER_INSTANCE

folder = sys.argv[1]
paths = helpers.Paths({"cloud_dir": folder, "run_dir": folder})
paths.get_ipath = lambda name=None: f"{folder}/{name}"
message = user_data.UserDataProcessor(paths).process(sys.stdin.buffer.read())

scripts = {}


class Scripts(handlers.Handler):
    prefixes = ["#!", "#cloud-boothook", "text/x-shellscript-per-boot"]

    def __init__(self):
        handlers.Handler.__init__(self, PER_INSTANCE)

    def handle_part(self, data, ctype, filename, payload, frequency):
        if ctype not in handlers.CONTENT_SIGNALS:
            scripts[filename] = payload


config = CloudConfigPartHandler(paths)
registered = helpers.ContentHandlers()
for handler in (config, Scripts()):
    registered.register(handler)
registered.register(JinjaTemplatePartHandler(paths, sub_handlers=[config]))
data = {
    "handlers": registered,
    "handlerdir": folder,
    "data": None,
    "frequency": PER_INSTANCE,
    "handlercount": 0,
    "excluded": [],
}
for handler in set(registered.registered.values()):
    handlers.call_begin(handler, None, PER_INSTANCE)
handlers.walk(message, handlers.walker_callback, data=data)
merged = config.cloud_buf


class Distro:
    def get_default_user(self):
        return {"name": "debian", "lock_passwd": True, "shell": "/bin/bash"}


users, _ = ug_util.normalize_users_groups(json.loads(json.dumps(merged)), Distro())
json.dump({"config": merged, "users": users, "scripts": scripts}, sys.stdout)
