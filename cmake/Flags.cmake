# Warnings and sanitizers for our own targets only: keywalk_flags is linked PRIVATE everywhere.
add_library(keywalk_flags INTERFACE)
target_compile_options(keywalk_flags INTERFACE -Wall -Wextra -Wpedantic -Werror=return-type
  # A constructor parameter may have its member's name; a local must not hide another local.
  $<IF:$<CXX_COMPILER_ID:GNU>,-Wshadow=local,-Wshadow>
  # A source that others are compiled with is no header that would be included twice.
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<BOOL:${CMAKE_UNITY_BUILD}>>:-Wno-subobject-linkage>
  # GCC 12 takes the allocation of a coroutine's frame for a mismatched one (its bug 109224).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>
  # And a string assigned from a literal for an overlapping copy (its bug 105651).
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>)

if(KEYWALK_SANITIZE MATCHES "^(address|fuzzer)$")
  # The left-out checks double the compile time of Asio units and find nothing there.
  add_compile_options(-fsanitize=address,undefined -fno-omit-frame-pointer
                      -fno-sanitize=null,alignment,object-size,vptr -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=address,undefined)
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    add_compile_options(-fno-sanitize=function)
  endif()
  if(KEYWALK_SANITIZE STREQUAL "fuzzer")
    # What libFuzzer sees of the way that an input takes; its main() is keywalk-fuzz's alone.
    add_compile_options(-fsanitize=fuzzer-no-link)
  endif()
elseif(KEYWALK_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan)
  endif()
elseif(KEYWALK_SANITIZE)
  message(FATAL_ERROR "KEYWALK_SANITIZE must be empty, address, thread or fuzzer, not '${KEYWALK_SANITIZE}'")
endif()

# keywalk_library(NAME SOURCES... ): a static library with the house's include path and flags.
function(keywalk_library name)
  add_library(${name} STATIC ${ARGN})
  target_include_directories(${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/lib/include>
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/lib>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${name} PRIVATE $<BUILD_INTERFACE:keywalk_flags>)
endfunction()
