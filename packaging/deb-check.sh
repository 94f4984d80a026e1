#!/usr/bin/env bash
# Proves what the .deb promises on a machine that never saw the source: it installs with what it asks for, works for a
# user of the group without a display, gives way to a newer version, and leaves the vaults alone whatever is done to it.
#
#   packaging/deb-check.sh DIR [DEB]     as root, after `packaging/bare-machine.sh DIR` has made DIR/bare.tar
#
# DEB is the newest dist/rufaa_*.deb. Where packages come from is the host's own setting, its apt mirror.
set -euo pipefail

dir=$(cd "${1:?usage: packaging/deb-check.sh DIR [DEB]}" && pwd)
project=$(cd "$(dirname "$0")/.." && pwd)
deb=${2:-$(ls --sort=time "$project"/dist/rufaa_*.deb | head -1)}
root=$dir/deb-root

say() { echo "## $*"; }

lay() {
    local file
    rm -rf --one-file-system "$root"
    mkdir "$root"
    tar --extract --file "$dir/bare.tar" --directory "$root"
    # A chroot has no init: tell packages not to start services.
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod +x "$root/usr/sbin/policy-rc.d"
    for file in /etc/resolv.conf /etc/hosts "${SSL_CERT_FILE:-}" \
        $(grep --files-with-matches --no-messages '^Acquire' /etc/apt/apt.conf /etc/apt/apt.conf.d/* || true); do
        [ ! -f "$file" ] || install -D --mode=644 "$file" "$root$file"
    done
    install -D --mode=644 "$deb" "$root/srv/rufaa.deb"
    # The same files as a newer version.
    dpkg-deb --raw-extract "$deb" "$dir/deb-newer"
    sed --in-place 's/^Version: .*/&+newer/' "$dir/deb-newer/DEBIAN/control"
    dpkg-deb --root-owner-group -Znone --build "$dir/deb-newer" "$root/srv/rufaa-newer.deb" >/dev/null
    rm -rf "$dir/deb-newer"
}

inside() { # in namespaces of its own, so that mounts and left-over processes end with the command
    unshare --mount --pid --fork --kill-child bash -euc '
        mount -t proc proc "$0/proc"
        mkdir -p "$0/dev/shm" "$0/dev/pts"
        mount -t tmpfs -o mode=1777 tmpfs "$0/dev/shm"
        mount -t devpts -o ptmxmode=666,newinstance devpts "$0/dev/pts"
        exec chroot "$0" /usr/bin/env -i HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin \
            DEBIAN_FRONTEND=noninteractive ${http_proxy:+http_proxy="$http_proxy"} \
            ${https_proxy:+https_proxy="$https_proxy"} /bin/bash -euo pipefail -c "$@"' "$root" "$1"
}

as_user() { inside "runuser --login officer --command '$1'"; }
vault_sums() { (cd "$root/var/lib/rufaa" && find . -type f ! -path './log/*' -exec sha256sum {} + | sort); }

lay
say "install $(basename "$deb")"
inside 'apt-get update --quiet=2; apt-get install --yes --no-install-recommends --quiet=2 /srv/rufaa.deb >/dev/null
    dpkg --status rufaa | grep "^Status"; stat --format="%U %G %a %n" /var/lib/rufaa
    useradd --create-home --groups rufaa officer; mkdir -p /run/user'
say "every library is found"
inside 'for file in $(find /usr/lib/rufaa -type f); do
        LD_LIBRARY_PATH=/usr/lib/rufaa/_internal:/usr/lib/rufaa/_internal/PySide6/Qt/lib ldd "$file" 2>/dev/null
    done | grep "not found" && exit 1; echo "none is missing"'
say "self-test by a user of the group"
as_user 'rufaa-cli self-test'
say "an office in the shared folder"
as_user 'rufaa-cli init --practice --county 035 --office-code 035-01 --office-name Practice --phone +254799999001 \
    --supervisor "A. Practice"' | tee "$dir/deb-init.log" | grep --quiet .
before=$(vault_sums)
[ -n "$before" ]
inside 'stat --format="%U %G %a %n" /var/lib/rufaa/*'
as_user 'QT_QPA_PLATFORM=offscreen rufaa --paint-once'
say "upgrade, remove, purge: the vault stays byte for byte"
for step in "install --yes --quiet=2 /srv/rufaa-newer.deb" "remove --yes --quiet=2 rufaa" \
    "install --yes --quiet=2 /srv/rufaa.deb" "purge --yes --quiet=2 rufaa"; do
    inside "apt-get $step >/dev/null; dpkg-query --show --showformat '\${Version} \${db:Status-Status}\n' rufaa 2>/dev/null || true"
    [ "$(vault_sums)" = "$before" ] || { say "the vault changed after: $step"; exit 1; }
    say "the same after: apt-get $step"
done
[ ! -e "$root/usr/lib/rufaa" ] && [ ! -e "$root/usr/bin/rufaa" ]
say "all well"
