#!/usr/bin/env bash
# Proves that a bare machine can run and test Rufaa: a new Debian 12 holding only make, python3 and python3-venv gets
# a clean clone of HEAD, and `make run` and `make test` are run in it as root, without a display.
#
#   packaging/bare-machine.sh DIR     as root; needs debootstrap, git, util-linux; about 3 GB in DIR
#
# DIR/bare.tar, the machine before the first command, is made once and kept; DIR/root is laid anew from it each time.
# Where packages come from is the host's own setting: its apt mirror, its pip settings, its certificates.
set -euo pipefail

dir=$(mkdir -p "${1:?usage: packaging/bare-machine.sh DIR}" && cd "$1" && pwd)
project=$(cd "$(dirname "$0")/.." && pwd)
root=$dir/root
suite=bookworm
passed_on=(PIP_CERT PIP_DEFAULT_TIMEOUT PIP_EXTRA_INDEX_URL PIP_INDEX_URL PIP_TRUSTED_HOST SSL_CERT_FILE
    http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY)

failed=0
step() { # step NAME COMMAND…: runs it, tells its time and result, keeps its output in DIR/NAME.log
    local name=$1 started=$SECONDS status
    shift
    # Not `"$@" || status=$?`: bash would then carry on after a failure inside the function it calls.
    set +e
    (set -e; "$@") > >(tee "$dir/$name.log") 2>&1
    status=$?
    set -e
    [ "$status" = 0 ] || failed=1
    echo "## $name: exit status $status after $((SECONDS - started)) s"
}

bootstrap() {
    local mirror
    mirror=$(apt-get indextargets --format "\$(RELEASE) \$(REPO_URI)" "Identifier: Packages" |
        awk -v suite="$suite" '$1 == suite { print $2; exit }')
    [ -n "$mirror" ] || { echo "the host's apt knows no mirror of $suite"; return 1; }
    rm -rf --one-file-system "$root"
    debootstrap --variant=minbase --include=make,python3,python3-venv "$suite" "$root" "$mirror"
    tar --create --file "$dir/bare.tar.part" --directory "$root" .
    mv "$dir/bare.tar.part" "$dir/bare.tar"
}

lay() {
    local file
    rm -rf --one-file-system "$root"
    mkdir "$root"
    tar --extract --file "$dir/bare.tar" --directory "$root"
    # A chroot has no init: tell packages not to start services.
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod +x "$root/usr/sbin/policy-rc.d"
    for file in /etc/resolv.conf /etc/hosts /etc/pip.conf "${PIP_CERT:-}" "${SSL_CERT_FILE:-}" \
        $(grep --files-with-matches --no-messages '^Acquire' /etc/apt/apt.conf /etc/apt/apt.conf.d/* || true); do
        [ -f "$file" ] || continue
        install -D --mode=644 "$file" "$root$file"
    done
    git clone --quiet --no-hardlinks "$project" "$root/srv/rufaa"
    git -C "$project" log -1 --format='clean clone of %h, %s'
}

inside() { # in namespaces of its own, so that mounts and left-over processes end with the command
    local name settings=()
    for name in "${passed_on[@]}"; do
        [ -z "${!name:-}" ] || settings+=("$name=${!name}")
    done
    unshare --mount --pid --fork --kill-child bash -euc '
        mount -t proc proc "$0/proc"
        mkdir -p "$0/dev/shm" "$0/dev/pts"
        mount -t tmpfs -o mode=1777 tmpfs "$0/dev/shm"
        mount -t devpts -o ptmxmode=666,newinstance devpts "$0/dev/pts"
        exec chroot "$0" /usr/bin/env -i "$@"' \
        "$root" HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin "${settings[@]}" \
        /bin/sh -c "cd /srv/rufaa && $1"
}

printed_papers_exist() { # what `make run` promises: absolute paths of a letter and a bundle, and the word "receipt"
    local ending path
    for ending in pdf rufaa; do
        path=$(grep --only-matching --extended-regexp "/[^ ]+\.$ending\b" "$dir/make-run.log" | tail -1)
        [ -s "$root$path" ] || { echo "no .$ending file at the printed path '$path'"; return 1; }
        ls -l "$root$path"
    done
    grep --ignore-case receipt "$dir/make-run.log"
}

[ -f "$dir/bare.tar" ] || step debootstrap bootstrap
[ "$failed" = 0 ] && step lay lay
[ "$failed" = 0 ] || exit 1
step make-run inside "make run"
step printed-paths printed_papers_exist
step make-run-again inside "make run"
step make-test inside "make test"
du -sh "$root/srv/rufaa/.venv"
exit "$failed"
