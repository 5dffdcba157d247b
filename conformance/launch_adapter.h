// An implementation that a launch file says how to start: a program that nobody will patch. It is
// configured by a template, started once for all pools, and waited for through its health URL.
#ifndef KEYWALK_CONFORMANCE_LAUNCH_ADAPTER_H_
#define KEYWALK_CONFORMANCE_LAUNCH_ADAPTER_H_

#include <chrono>
#include <functional>
#include <memory>
#include <string_view>

#include "conformance/adapter.h"
#include "conformance/launch_file.h"

namespace keywalk::conformance {

struct LaunchAdapterOptions {
  std::chrono::milliseconds stop_limit{5'000};  // from the stop signal on; then it is killed
  // What the program prints, a line at a time, from another thread. Keys are masked.
  std::function<void(std::string_view)> log;
};

// A program that ends before its health URL answers, or does not answer in time, gives a kError
// refusal with its last lines.
std::unique_ptr<Adapter> NewLaunchAdapter(LaunchFile file, LaunchAdapterOptions options);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_LAUNCH_ADAPTER_H_
