#!/bin/bash
# Everything that checks the code beyond its tests: `make ci-full`, and in part .ci/run.
#
#   scripts/ci-full.sh [STEP...]   all of them without; names below
#
# Each step's output goes to build/report/ci-full/STEP.log, and a table of all at the end. Exit
# status: 0 all passed, 1 one failed, 2 wrong use.
#   JOBS          processes at once (default: all cores)
#   FUZZ_SECONDS  how long each fuzzer runs (default 60)
set -uo pipefail
cd "$(dirname "$0")/.."

jobs=${JOBS:-$(nproc)}
logs=build/report/ci-full
min_coverage=90

# Left out where the code is slowed: tests that run none of our C++, and those that run it in hundreds of
# processes, whose time limits would break; conformance_reference runs the whole suite in one.
not_slowed='^(bench_|lint\.|soak\.self|hard_days\.crowd|install\.|sdk\.|conformance_(runner|examples|hostile_adapter|html|launch|must_fail|mutants|readers|reports|verdicts))'

# What cppcheck and clang-tidy look at: the decision core and what it is made of.
core_sources=$(git ls-files 'lib/core/*.cc')
# Where such locks are held, also by the templates of a header. Not all locks are: the two of
# mockupstream/model/key_model.cc, of which one is there at times only, cannot be followed.
locking_headers=$(git grep -l MutexLock -- 'lib/*.h' 'mockupstream/*.h' | xargs -n 1 basename | paste -sd '|')
locking_sources=$(git grep -lE "MutexLock|/($locking_headers)\"" -- 'lib/*.cc' 'mockupstream/*.cc')

# --- steps ---------------------------------------------------------------------------------------

step_cppcheck() {  # no "style", and no advice to copy what is taken to be moved: the house's differs
  cppcheck --std=c++20 --enable=warning,performance,portability --inline-suppr \
    --suppress=missingIncludeSystem --suppress=passedByValue -I lib/include -I lib -j "$jobs" --quiet --error-exitcode=1 \
    $core_sources
}

configure_clang() {
  cmake --preset clang
}

step_tidy() {
  configure_clang &&
    printf '%s\n' $core_sources |
    xargs -P "$jobs" -n 1 clang-tidy --quiet --warnings-as-errors='*' -p build/clang
}

# Clang's analysis of what is read and written under which lock.
step_locks() {
  configure_clang && python3 -B scripts/compile_only.py build/clang -Wthread-safety \
    -Werror=thread-safety -- $locking_sources
}

step_valgrind() {  # the tests count allocations in an operator new of their own: leave it to them
  make test TARGETS=keywalk_core_test CTEST_ARGS=-N >/dev/null &&
    valgrind --quiet --error-exitcode=1 --leak-check=full --errors-for-leak-kinds=definite,possible \
      --soname-synonyms=somalloc=nouserintercepts \
      build/tests/keywalk_core_test --gtest_brief=1
}

step_address() {
  make test SANITIZE=address CTEST_ARGS="-E '$not_slowed'"
}

step_thread() {
  make test SANITIZE=thread CTEST_ARGS="-E '$not_slowed'"
}

# The programs of GoogleTest alone: what other tests start is killed at times, and would leave its
# counts half written. A test that fills a disk cannot write them either, and says so.
step_coverage() {
  local folder=build/coverage
  export GCOV_ERROR_FILE=$PWD/$logs/gcov-errors.log
  { test -f $folder/build.ninja || cmake --preset coverage; } &&
    cmake --build $folder -j "$jobs" &&
    find $folder -name '*.gcda' -delete &&
    ls $folder/tests/keywalk_*_test | xargs -P "$jobs" -I{} env {} --gtest_brief=1 \
      --gtest_filter='-RecordedBodyDeathTest.AFileThatMayNotGrowIsSaid' &&
    gcovr --root . --object-directory $folder --filter 'lib/' \
      --exclude-throw-branches -j "$jobs" --print-summary --sort-uncovered \
      --txt $logs/coverage.txt --html-details $logs/coverage.html --json-summary $logs/coverage.json \
      --fail-under-line $min_coverage &&
    echo "lines not covered: $logs/coverage.txt; each line: $logs/coverage.html"
}

step_fuzz() {
  make fuzz SECONDS="${FUZZ_SECONDS:-60}"
}

all_steps='cppcheck tidy locks valgrind coverage address thread fuzz'

# --- run them ------------------------------------------------------------------------------------

steps=("$@")
[ ${#steps[@]} -gt 0 ] || read -ra steps <<<"$all_steps"
for step in "${steps[@]}"; do
  case " $all_steps " in
    *" $step "*) ;;
    *)
      echo "ci-full: $step: not one of $all_steps" >&2
      exit 2
      ;;
  esac
done

mkdir -p "$logs"
table=()
status=0
for step in "${steps[@]}"; do
  began=$SECONDS
  [ ! -t 2 ] || printf '%s ... ' "$step" >&2
  if "step_$step" >"$logs/$step.log" 2>&1; then
    verdict=passed
  else
    verdict=FAILED
    status=1
    tail -n 200 "$logs/$step.log" >&2
  fi
  [ ! -t 2 ] || printf '%s\n' "$verdict" >&2
  table+=("$(printf '%-10s %s %5d s   %s' "$step" "$verdict" $((SECONDS - began)) "$logs/$step.log")")
done
printf '%s\n' "${table[@]}" | tee "$logs/summary.txt"
exit $status
