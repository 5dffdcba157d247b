# What makes a fault in a release binary harder to use for an attacker. tests/install/hardening.py
# looks for each of these in what is installed. Costs are instructions of a proxied request of 1 KiB,
# as Callgrind counts them with gcc 12.
function(keywalk_fewer_stack_guards target)
endfunction()
if(NOT KEYWALK_HARDEN OR KEYWALK_SANITIZE)
  return()
endif()

set(keywalk_is_release $<CONFIG:Release,RelWithDebInfo,MinSizeRel>)
# The tests preload libraries of their own, which have to be -fPIC.
set(keywalk_is_preloaded
    $<IN_LIST:$<TARGET_PROPERTY:TYPE>,SHARED_LIBRARY$<SEMICOLON>MODULE_LIBRARY>)
set(keywalk_is_program $<AND:${keywalk_is_release},$<NOT:${keywalk_is_preloaded}>>)

# Level 3 also checks sizes that are only known when the program runs.
set(keywalk_fortify 2)
if((CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 12)
   OR (CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 14))
  set(keywalk_fortify 3)
endif()

# Position independent, so that addresses differ from run to run. Not -fPIC: functions would have to
# be replaceable by others, and could not be inlined. Since everything is bound at the start, calls
# of shared libraries need no stub.
add_compile_options(
  "$<${keywalk_is_release}:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=${keywalk_fortify};-fstack-protector-strong;-fno-plt>"
  "$<${keywalk_is_program}:-fPIE>")
# Function pointers are bound at the start and then read-only; no stack is executable.
add_link_options(
  "$<${keywalk_is_release}:-Wl,-z,relro;-Wl,-z,now;-Wl,-z,noexecstack>"
  "$<${keywalk_is_program}:-pie>")

# For the libraries that every request goes through: guards where there is a buffer of 17 bytes and
# more. -fstack-protector-strong wants one wherever a local has an address, which costs 3 %, and
# -fstack-protector one for the 16 bytes in each boost::system::error_code.
function(keywalk_fewer_stack_guards target)
  target_compile_options(${target} PRIVATE
    "$<${keywalk_is_release}:-fstack-protector;--param=ssp-buffer-size=17>")
endfunction()
