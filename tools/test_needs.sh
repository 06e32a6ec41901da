#!/usr/bin/env bash
# What the tests need from the system besides Python: one function for each need, each safe to call again.
# Present: nothing is done. Absent and root: installed from Debian. Absent and not root: one sentence, and the tests
# that need it say so themselves.
set -euo pipefail

refreshed=no

# install_from_debian PACKAGE REASON: install one package when root, else say what to do.
install_from_debian() {
  local package=$1 reason=$2
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "test_needs: $package is missing, which $reason; install it with: sudo apt-get install $package" >&2
    return 0
  fi
  echo "test_needs: installing $package, which $reason"
  if [ "$refreshed" = no ]; then
    apt-get -o DPkg::Lock::Timeout=300 update -qq >/dev/null || echo "test_needs: apt-get update failed; trying the lists that are here" >&2
    refreshed=yes
  fi
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -qq -y --no-install-recommends "$package" >/dev/null ||
    echo "test_needs: $package could not be installed; the tests that need it will say so" >&2
}

need_chromium() {
  command -v chromium >/dev/null || command -v chromium-browser >/dev/null ||
    install_from_debian chromium "shows the pages to the tests in tests/stories"
}

need_strace() {
  command -v strace >/dev/null ||
    install_from_debian strace "records the writer's system calls for the crash images in tests/faults"
}

need_chromium
need_strace
