// Runs the property tests so that every run can be repeated: RapidCheck gets a seed that we know,
// and a failed test ends with the command that runs it again with the same inputs.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <random>
#include <string>

namespace {

constexpr const char* kParamsVariable = "RC_PARAMS";

// RapidCheck's parameters: what the caller asked for, with a fresh seed and more cases than its own
// default of 100 where nothing else was given.
std::string ChooseParams() {
  const char* given = std::getenv(kParamsVariable);
  std::string params = given != nullptr ? given : "";
  const auto add = [&params](const std::string& name, unsigned long long value) {
    if (params.find(name + "=") != std::string::npos) return;
    if (!params.empty()) params += ' ';
    params += name + "=" + std::to_string(value);
  };
  std::random_device device;
  add("seed", static_cast<unsigned long long>(device()) << 32 | device());
  add("max_success", 1000);
  return params;
}

class RepeatCommandPrinter : public ::testing::EmptyTestEventListener {
 public:
  RepeatCommandPrinter(std::string params, std::string program)
      : params_(std::move(params)), program_(std::move(program)) {}

 private:
  void OnTestEnd(const ::testing::TestInfo& test) override {
    if (!test.result()->Failed()) return;
    std::cout << "To repeat: " << kParamsVariable << "=\"" << params_ << "\" " << program_
              << " --gtest_filter=" << test.test_suite_name() << '.' << test.name() << std::endl;
  }

  const std::string params_;
  const std::string program_;
};

}  // namespace

int main(int argc, char** argv) {
  const std::string params = ChooseParams();
  setenv(kParamsVariable, params.c_str(), 1);  // before the first property reads it
  ::testing::InitGoogleTest(&argc, argv);
  const std::string program = std::filesystem::absolute(argv[0]).lexically_normal().string();
  // GoogleTest owns its listeners.
  ::testing::UnitTest::GetInstance()->listeners().Append(new RepeatCommandPrinter(params, program));
  return RUN_ALL_TESTS();
}
