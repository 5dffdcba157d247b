# Goal: what `make install` lays down is complete, relocatable, and usable by find_package().
# Method: install, move the prefix elsewhere, build the consumer against it, run its programs.
function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

unset(ENV{DESTDIR})
set(first_prefix ${WORK_DIR}/prefix-first)
set(prefix ${WORK_DIR}/prefix)
file(REMOVE_RECURSE ${first_prefix} ${prefix} ${WORK_DIR}/consumer-build)

run(${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${first_prefix})
file(RENAME ${first_prefix} ${prefix})

# The package must not name the machine that built it.
file(READ ${prefix}/${LIBDIR}/cmake/keywalk/keywalk-core.cmake package_core)
file(READ ${prefix}/${LIBDIR}/cmake/keywalk/keywalk-io.cmake package_io)
if("${package_core}${package_io}" MATCHES "${BUILD_DIR}|${WORK_DIR}|${CONSUMER}")
  message(FATAL_ERROR "the installed package names a path of the build: ${CMAKE_MATCH_0}")
endif()

set(schemas policy proxy_config mock_script verify report cases vectors clauses refusals world)
list(TRANSFORM schemas REPLACE ".+" "share/keywalk/schema/\\0.schema.json")
foreach(file include/keywalk/failover.h share/keywalk/policies/coder-v1.json ${schemas})
  if(NOT EXISTS ${prefix}/${file})
    message(FATAL_ERROR "not installed: ${file}")
  endif()
endforeach()
if(EXISTS ${prefix}/share/keywalk/fixtures/invalid)
  message(FATAL_ERROR "installed: documents that are wrong on purpose")
endif()
foreach(binary keywalk-proxy keywalk-mock keywalk-conform keywalk-sim)
  execute_process(COMMAND ${prefix}/bin/${binary} --version
                  OUTPUT_VARIABLE version COMMAND_ERROR_IS_FATAL ANY)
  if(NOT version MATCHES "${VERSION}")
    message(FATAL_ERROR "${binary} --version says '${version}', not ${VERSION}")
  endif()
endforeach()

execute_process(COMMAND ${prefix}/bin/keywalk-conform --list
                        --fixtures ${prefix}/share/keywalk/fixtures
                OUTPUT_VARIABLE cases COMMAND_ERROR_IS_FATAL ANY)
if(cases STREQUAL "")
  message(FATAL_ERROR "the installed suite has no case")
endif()

run(${prefix}/bin/keywalk-sim ${prefix}/share/keywalk/sim/worlds/401-outage.json)

run(${CMAKE_COMMAND} -G Ninja -S ${CONSUMER} -B ${WORK_DIR}/consumer-build
    -D CMAKE_PREFIX_PATH=${prefix} -D KEYWALK_VERSION=${VERSION}
    -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER})
run(${CMAKE_COMMAND} --build ${WORK_DIR}/consumer-build)
run(${WORK_DIR}/consumer-build/decide)
run(${WORK_DIR}/consumer-build/fetch)
