#!/bin/sh
# Installs the Debian and Ubuntu packages that keywalk needs and that are missing.
#
#   scripts/install-deps.sh build    what `make conformance` needs: compiler, libraries, tools
#   scripts/install-deps.sh test     in addition what `make test` and `make bench` need
#   scripts/install-deps.sh page     in addition to build, a browser for `make test-page`
#   scripts/install-deps.sh fuzz     in addition to build, clang with libFuzzer for `make fuzz`
#   scripts/install-deps.sh full     in addition to test, what `make ci-full` needs
#   scripts/install-deps.sh --list test    only prints what is missing
#
# Asks dpkg first: with everything in place it fetches nothing, needs no network and no root, and
# takes some milliseconds. Exit status: 0 all required packages are there, 1 a required one could
# not be installed, 2 wrong use. A missing optional package costs one test, which then says so.
set -eu

say() { printf 'install-deps: %s\n' "$*" >&2; }

list_only=no
if [ "${1:-}" = --list ]; then
  list_only=yes
  shift
fi
case "${1:-}" in
  build | test | page | fuzz | full) set_name=$1 ;;
  *)
    say "usage: $0 [--list] build|test|page|fuzz|full"
    exit 2
    ;;
esac

# Where a command will do, any that is on the PATH is taken: a newer cmake, nodesource's node, ...
# Lines are COMMAND=PACKAGE.
build_tools='g++=g++ cmake=cmake ninja=ninja-build ccache=ccache'
build_libraries='nlohmann-json3-dev libcli11-dev libspdlog-dev prometheus-cpp-dev libssl-dev'
test_tools='python3=python3 curl=curl openssl=openssl'
full_tools='clang++=clang clang-tidy=clang-tidy cppcheck=cppcheck gcovr=gcovr valgrind=valgrind'
test_libraries='libgtest-dev libgmock-dev librapidcheck-dev libbenchmark-dev ca-certificates'

if ! command -v dpkg-query >/dev/null 2>&1; then
  say "this is not a Debian or Ubuntu system, so nothing is installed or checked."
  say "Needed: C++20 compiler, CMake 3.25, Ninja, OpenSSL, and the -dev packages of Boost 1.81 or"
  say "newer (with Boost.URL), nlohmann-json, CLI11, spdlog, prometheus-cpp; for the tests GoogleTest,"
  say "RapidCheck, Google Benchmark, Python 3 with jsonschema, Node.js with npm."
  exit 0
fi

# --- what is missing ---------------------------------------------------------------------------

missing_packages() {  # PACKAGE...: those that are not installed, one a line
  installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true)
  for package in "$@"; do
    case "
$installed
" in
      *"
$package installed
"*) ;;
      *) echo "$package" ;;
    esac
  done
}

missing_tools() {  # COMMAND=PACKAGE...: the packages of commands that are not on the PATH
  for entry in "$@"; do
    command -v "${entry%%=*}" >/dev/null 2>&1 || echo "${entry#*=}"
  done
}

# Boost 1.81 or newer with Boost.URL, whichever version is installed. libboost-url1.N-dev depends on
# libboost1.N-dev, so one of them is enough to know.
has_boost() {
  dpkg-query -W -f '${Package} ${db:Status-Status}\n' 'libboost-url1.*-dev' 2>/dev/null |
    sed -n 's/^libboost-url1\.\([0-9]*\)-dev installed$/\1/p' |
    { while read -r minor; do [ "$minor" -ge 81 ] && exit 0; done; exit 1; }
}

has_chromium() {  # under any of its names
  for name in chromium-headless-shell chromium chromium-browser google-chrome; do
    command -v $name >/dev/null 2>&1 && return 0
  done
  return 1
}

has_libfuzzer() {  # of the clang++ that is on the PATH
  command -v clang++ >/dev/null 2>&1 &&
    ls "$(clang++ -print-resource-dir)"/lib/*/libclang_rt.fuzzer*.a >/dev/null 2>&1
}

# For packages that have another name in each: debian-12, ubuntu-24.04, ...
release() (. /etc/os-release && echo "${ID:-}-${VERSION_ID:-}")

fuzz_packages() {  # of this release: its clang, with libFuzzer
  case $(release) in
    debian-12) echo clang libclang-rt-14-dev ;;
    ubuntu-24.04) echo clang libclang-rt-18-dev ;;
    *) echo clang libclang-rt-19-dev ;;
  esac
}

boost_packages() {  # of this release; Debian 12's default Boost is too old, 1.81 is beside it
  case $(release) in
    debian-12) echo libboost1.81-dev libboost-url1.81-dev ;;
    ubuntu-24.04) echo libboost1.83-dev libboost-url1.83-dev ;;
    *) echo libboost-dev libboost-url-dev ;;
  esac
}

# shellcheck disable=SC2046,SC2086  # package names are to be split
required=$(
  missing_tools $build_tools
  missing_packages $build_libraries
  has_boost || printf '%s\n' $(boost_packages)
  if [ $set_name = test ] || [ $set_name = full ]; then
    missing_tools $test_tools
    missing_packages $test_libraries
  fi
  [ $set_name != full ] || missing_tools $full_tools
  [ $set_name != page ] || has_chromium || echo chromium-headless-shell
  [ $set_name != fuzz ] && [ $set_name != full ] || has_libfuzzer || printf '%s\n' $(fuzz_packages)
)
node_packages=
schema_packages=
valgrind_packages=
allocator_packages=$(missing_packages libmimalloc-dev)
# By itself it is no reason to ask the mirrors before each `make conformance`.
[ $set_name != build ] || [ -n "$required" ] || allocator_packages=
if [ $set_name = test ] || [ $set_name = full ]; then
  node_packages=$(missing_tools node=nodejs npm=npm)
  schema_packages=$(missing_packages python3-jsonschema python3-h11; missing_tools xmllint=libxml2-utils)
  valgrind_packages=$(missing_tools valgrind=valgrind)
fi

optional="$node_packages $schema_packages $valgrind_packages $allocator_packages"
# shellcheck disable=SC2086
[ -n "$(echo $required $optional)" ] || exit 0
if [ $list_only = yes ]; then
  # shellcheck disable=SC2086
  printf '%s\n' $required $optional
  exit 0
fi

# --- install it --------------------------------------------------------------------------------

as_root=
if [ "$(id -u)" -ne 0 ]; then
  as_root=sudo
  if ! command -v sudo >/dev/null 2>&1; then
    as_root=none
  fi
fi

# apt-get with the answers that a script can give: none.
run_apt() {
  if [ "$as_root" = none ]; then
    return 1
  fi
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 "$@" >&2
}

install_packages() {
  run_apt install --no-install-recommends "$@"
}

# shellcheck disable=SC2086
all=$(echo $required $optional)
say "to install: $all"
if [ "$as_root" = none ]; then
  if [ -n "$required" ]; then
    say "not root and no sudo here. Have root run, then try again:"
    say "  apt-get install --no-install-recommends $all"
    exit 1
  fi
elif ! run_apt update; then
  say "apt-get update failed; trying with the package lists that are here."
fi

if [ -n "$required" ]; then
  case "$required" in
    *libboost1.*)
      if [ -z "$(missing_packages libboost1.74-dev)" ]; then
        say "libboost1.74-dev is installed and conflicts with the newer Boost: apt replaces it now,"
        say "and removes the packages that need it. To go back: apt-get install libboost-dev"
      fi
      ;;
  esac
  # shellcheck disable=SC2086
  if ! install_packages $required; then
    # shellcheck disable=SC2086
    say "could not install:" $required
    say "As root, run: apt-get update && apt-get install --no-install-recommends" $required
    exit 1
  fi
fi

install_optional() {  # WHAT-IS-LOST PACKAGE...
  lost=$1
  shift
  [ $# -gt 0 ] || return 0
  if ! install_packages "$@"; then
    say "could not install (optional): $*. $lost"
  fi
}
# shellcheck disable=SC2086
install_optional "The SDK test will not run." $node_packages
# shellcheck disable=SC2086
install_optional "Tests of fixtures or reports against their schemas will not run." $schema_packages
# shellcheck disable=SC2086
install_optional "Instructions of the core will not be counted." $valgrind_packages
# shellcheck disable=SC2086
install_optional "keywalk-proxy keeps the C library's malloc, and is slower with many connections." \
  $allocator_packages
