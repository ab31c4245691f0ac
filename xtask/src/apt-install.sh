# Run as root by xtask: apt-install.sh SUITE PACKAGE...   (SUITE "-" means the default one)
#
# Debian starts a service as soon as its package is installed. Nobody asked for a public XMPP server, so a
# policy-rc.d forbids it meanwhile. It obeys only while this script is alive, so that even one left behind by a
# power cut does no harm; one that was there before is kept and put back.
set -eu
suite=$1; shift
policy=/usr/sbin/policy-rc.d
saved=$policy.before-waxwing
restore() {
    if [ -e "$saved" ]; then mv -f "$saved" "$policy"
    elif grep -qs 'written by waxwing' "$policy"; then rm -f "$policy"
    fi
}
restore
trap restore EXIT
trap 'exit 130' INT TERM HUP
if [ -e "$policy" ]; then mv "$policy" "$saved"; fi
cat > "$policy" <<POLICY
#!/bin/sh
# written by waxwing's set-up while it installs packages
if kill -0 $$ 2>/dev/null; then exit 101; fi
[ ! -x "$saved" ] || exec "$saved" "\$@"
exit 0
POLICY
chmod 755 "$policy"

export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 APT_LISTCHANGES_FRONTEND=none NEEDRESTART_SUSPEND=1
set -- install --yes --no-install-recommends \
    -o Acquire::Retries=3 -o DPkg::Lock::Timeout=600 -o Dpkg::Options::=--force-confold "$@"
[ "$suite" = - ] || set -- "$@" --target-release "$suite"
apt-get "$@"
