find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Boost 1.81 REQUIRED CONFIG COMPONENTS url)
find_package(nlohmann_json 3.10 REQUIRED)
find_package(CLI11 REQUIRED)
find_package(spdlog REQUIRED)
find_package(prometheus-cpp REQUIRED COMPONENTS core)
if(KEYWALK_TESTS)
  find_package(GTest REQUIRED)
endif()
if(KEYWALK_BENCH)
  find_package(benchmark REQUIRED)
endif()

# Asio and OpenSSL glue compiled once (boost/asio/impl/src.hpp in keywalk_io), not per unit.
add_library(keywalk_asio INTERFACE)
target_compile_definitions(keywalk_asio INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED BOOST_ERROR_CODE_HEADER_ONLY
  # Coroutine frames that a thread keeps for reuse. A request nests more than the default two, and
  # each further one was allocated afresh.
  BOOST_ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE=16
  # Frames above a kilobyte are not kept; memalign for them costs several times what malloc does, and
  # none is aligned beyond what malloc gives.
  BOOST_ASIO_DISABLE_STD_ALIGNED_ALLOC BOOST_ASIO_DISABLE_BOOST_ALIGN)
target_link_libraries(keywalk_asio INTERFACE Boost::headers Boost::url OpenSSL::SSL OpenSSL::Crypto
                      Threads::Threads)

# keywalk_allocator: another malloc, for programs whose requests begin in one order and end in
# another: it takes 4 to 8 % of the proxy's processor time (1 KiB, 16 and 256 connections). The
# sanitizers bring their own.
option(KEYWALK_MIMALLOC "Link keywalk-proxy with mimalloc where it is installed" ON)
add_library(keywalk_allocator INTERFACE)
if(KEYWALK_MIMALLOC AND NOT KEYWALK_SANITIZE)
  find_package(mimalloc CONFIG QUIET)
endif()
if(TARGET mimalloc)
  # Nothing names it, and some distributions leave out what nothing names.
  target_link_libraries(keywalk_allocator INTERFACE
    -Wl,--push-state,--no-as-needed mimalloc -Wl,--pop-state)
endif()
