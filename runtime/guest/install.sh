# Puts the agent where this guest's init keeps it running. Runs at the first boot, and again where it ran before.
start_agent() {
  if [ -d /run/systemd/system ]; then
    cat >/etc/systemd/system/castra-agent.service <<'UNIT'
[Unit]
Description=Castra guest agent

[Service]
ExecStart=/usr/local/sbin/castra-agent
Restart=always
RestartSec=2
KillMode=control-group

[Install]
WantedBy=multi-user.target
UNIT
    systemctl daemon-reload
    systemctl --no-block enable --now castra-agent.service
  elif command -v openrc-run >/dev/null; then
    cat >/etc/init.d/castra-agent <<'SERVICE'
#!/sbin/openrc-run
description="Castra guest agent"
supervisor=supervise-daemon
command=/usr/local/sbin/castra-agent
respawn_delay=2
respawn_max=0
SERVICE
    chmod 755 /etc/init.d/castra-agent
    rc-update -q add castra-agent default
    rc-service castra-agent restart >/dev/null 2>&1
  elif [ -w /etc/inittab ]; then
    grep -q castra-agent /etc/inittab || echo '::respawn:/usr/local/sbin/castra-agent' >>/etc/inittab
    kill -HUP 1
  else
    (setsid /usr/local/sbin/castra-agent </dev/null >/dev/null 2>&1 &)
  fi
}
start_agent
