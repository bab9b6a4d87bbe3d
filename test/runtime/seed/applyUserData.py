"""What cloud-init makes of user data, told by its own code.

Each line of standard input is one user-data as a JSON string; each line of the answer is what came of it, as JSON.
The folder of cloud-init's modules is in PYTHONPATH. Nothing is applied; what is written goes to the folder given.
"""

import json
import sys

from cloudinit import handlers, helpers, user_data
from cloudinit.distros import ug_util
from cloudinit.handlers.cloud_config import CloudConfigPartHandler
from cloudinit.settings import PER_INSTANCE


class Paths(helpers.Paths):
    def get_ipath(self, name=None):
        return f"{self.cloud_dir}/{name}"


class Scripts(handlers.Handler):
    prefixes = ["#!"]

    def __init__(self):
        handlers.Handler.__init__(self, PER_INSTANCE)
        self.texts = {}

    def handle_part(self, data, ctype, filename, payload, frequency):
        if ctype not in handlers.CONTENT_SIGNALS:
            self.texts[filename] = payload


class Distro:
    def get_default_user(self):
        return {"name": "debian", "lock_passwd": True, "shell": "/bin/bash"}


def apply(text, paths):
    config = CloudConfigPartHandler(paths)
    scripts = Scripts()
    registered = helpers.ContentHandlers()
    for handler in (config, scripts):
        registered.register(handler)
        handlers.call_begin(handler, None, PER_INSTANCE)
    data = {"handlers": registered, "data": None, "frequency": PER_INSTANCE, "excluded": []}
    message = user_data.UserDataProcessor(paths).process(text.encode())
    handlers.walk(message, handlers.walker_callback, data=data)
    # Normalizing changes what it is given.
    copy = json.loads(json.dumps(config.cloud_buf))
    users, _ = ug_util.normalize_users_groups(copy, Distro())
    return {"config": config.cloud_buf, "users": users, "scripts": scripts.texts}


paths = Paths({"cloud_dir": sys.argv[1], "run_dir": sys.argv[1]})
for line in sys.stdin:
    print(json.dumps(apply(json.loads(line), paths)), flush=True)
