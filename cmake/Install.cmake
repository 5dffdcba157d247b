# `make install`: libraries, public headers, binaries, policies, and find_package(keywalk).
#
# Two export sets, so that a program which embeds the decisions alone needs no Boost:
#   core  keywalk::core, keywalk::provider, keywalk::config    (standard library only)
#   io    keywalk::io and keywalk::keywalk, which is all of it  (Boost, OpenSSL, threads)
include(CMakePackageConfigHelpers)

set(keywalk_core_libraries keywalk_core keywalk_provider keywalk_config)
set(keywalk_io_libraries keywalk_asio keywalk_io keywalk)
set(keywalk_binaries keywalk-proxy keywalk-mock keywalk-conform keywalk-sim)

add_library(keywalk INTERFACE)
target_link_libraries(keywalk INTERFACE keywalk_config keywalk_core keywalk_io keywalk_provider)

# Inside this build, or with add_subdirectory(), the names are the same as after an installation.
foreach(library ${keywalk_core_libraries} ${keywalk_io_libraries})
  string(REPLACE "keywalk_" "" exported ${library})
  set_target_properties(${library} PROPERTIES EXPORT_NAME ${exported})
  add_library(keywalk::${exported} ALIAS ${library})
endforeach()

# What an installation consists of; `make install` builds no more than that.
add_custom_target(installable
  DEPENDS ${keywalk_core_libraries} keywalk_io ${keywalk_binaries})

set(keywalk_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/keywalk)
install(TARGETS ${keywalk_core_libraries} EXPORT keywalk-core)
install(TARGETS ${keywalk_io_libraries} EXPORT keywalk-io)
install(TARGETS ${keywalk_binaries})
install(EXPORT keywalk-core NAMESPACE keywalk:: DESTINATION ${keywalk_package_dir})
install(EXPORT keywalk-io NAMESPACE keywalk:: DESTINATION ${keywalk_package_dir})

install(DIRECTORY ${PROJECT_SOURCE_DIR}/lib/include/keywalk
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
# The suite's data, without the documents that are wrong on purpose; the policies, and the schemas
# for editors, also where an operator looks for them.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/fixtures
        DESTINATION ${CMAKE_INSTALL_DATADIR}/keywalk
        PATTERN "invalid" EXCLUDE)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/fixtures/policies ${PROJECT_SOURCE_DIR}/fixtures/schema
        DESTINATION ${CMAKE_INSTALL_DATADIR}/keywalk FILES_MATCHING PATTERN "*.json")

# Examples for the simulator; their "$schema" points to where the schemas are.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/sim/worlds
        DESTINATION ${CMAKE_INSTALL_DATADIR}/keywalk/sim FILES_MATCHING PATTERN "*.json")

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/keywalk-config.cmake.in
  ${PROJECT_BINARY_DIR}/keywalk-config.cmake
  INSTALL_DESTINATION ${keywalk_package_dir})
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/keywalk-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/keywalk-config.cmake
              ${PROJECT_BINARY_DIR}/keywalk-config-version.cmake
        DESTINATION ${keywalk_package_dir})
