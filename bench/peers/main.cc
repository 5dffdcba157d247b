// keywalk-load: the load generator of `make bench-peers` as a command; a line of JSON at the end.

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "bench/peers/load.h"

int main(int argc, char** argv) {
  keywalk::bench::LoadOptions options;
  std::string body_file;
  CLI::App app{"One request again and again over keep-alive connections to this host."};
  app.add_option("--port", options.port)->required();
  app.add_option("--path", options.path, "of the request")->required();
  app.add_option("--header", options.headers, "\"Name: value\"; can be repeated");
  app.add_option("--body", body_file, "file with the request's body")->required();
  app.add_option("--connections", options.connections)->check(CLI::Range(1, 10000));
  app.add_option("--warmup", options.warmup_seconds, "seconds before the measurement");
  app.add_option("--seconds", options.seconds, "seconds that are measured");
  app.add_option("--min-requests", options.min_requests, "are measured, however long it takes");
  app.add_option("--timeout", options.timeout_seconds, "seconds beyond these, then it gives up");
  CLI11_PARSE(app, argc, argv);

  std::ifstream file(body_file, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "keywalk-load: %s: %s\n", body_file.c_str(), std::strerror(errno));
    return 2;
  }
  options.body.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  std::printf("%s\n", keywalk::bench::RunLoad(options).dump().c_str());
}
