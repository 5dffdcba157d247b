// keywalk-mock: the mock upstream as a command.

#include <signal.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/json_reader.h"
#include "config/token_file.h"
#include "io/descriptor_limit.h"
#include "io/http_server.h"
#include "mockupstream/catalogue_command.h"
#include "mockupstream/mock_server.h"
#include "mockupstream/record/record_command.h"
#include "mockupstream/script/script.h"

namespace {

using keywalk::Result;
using keywalk::mock::JournalEntry;
using keywalk::mock::Script;

constexpr int kNotWritten = 1;
constexpr int kWrongInput = 2;
// Beside connections: files, the listening socket, epoll, and room to spare.
constexpr std::size_t kOtherDescriptors = 256;

struct Arguments {
  keywalk::mock::MockServerOptions server;
  std::string script_file;
  bool has_script = false;  // an empty name is one, too
  std::optional<std::string> admin_token_file;
  std::string log_level = "info";
  std::string validate_file;
  keywalk::mock::RecordOptions record;
  std::string provider;  // of `new`
  std::string answer;    // of `answers`
};

void AddRecordOptions(CLI::App& app, keywalk::mock::RecordOptions& options) {
  CLI::App* record = app.add_subcommand(
      "record", "Pass requests on to an upstream and write a script that gives its answers again");
  record->fallthrough();  // --log-level
  record->add_option("--upstream", options.upstream, "its base URL")->required();
  record->add_option("--output", options.output, "the script to write")->required();
  record->add_option("--listen", options.listen, "HOST:PORT to listen on")->capture_default_str();
  record->add_option("--ca-file", options.ca_file, "PEM: whom to trust instead of the system's");
  record->add_flag("--force", options.force, "replace the file if it exists");
}

// Every key gets 200 and a small JSON object.
Script DefaultScript() {
  keywalk::mock::ScriptStep step;
  step.headers.Add("Content-Type", "application/json");
  step.body = std::make_shared<const std::string>(R"({"ok":true,"from":"keywalk-mock"})");
  keywalk::mock::Lane lane;
  lane.steps.push_back(std::move(step));
  Script script;
  script.default_lane = std::move(lane);
  return script;
}

// "-" is standard input.
Result<Script> LoadScript(const std::string& file) {
  if (file.empty()) return keywalk::Error("the name of the script is empty");
  keywalk::config::JsonProblems problems(file);
  const std::optional<std::string> text = file == "-" ? keywalk::config::ReadStream(stdin, problems)
                                                      : keywalk::config::ReadFile(file, problems);
  if (!text) return problems.error();
  return keywalk::mock::ParseScript(*text, file);
}

void LogRequest(const JournalEntry& entry) {
  const bool fired = entry.fault == keywalk::mock::FaultState::kFired;
  spdlog::info("{} {} -> {}{}{}, lane {}, step {}, key {}, body {} bytes, connection {}",
               entry.method, MaskedTarget(entry), entry.status,
               entry.answered ? "" : " (not answered)", fired ? " (fault)" : "",
               entry.lane.empty() ? "-" : entry.lane,
               entry.step ? std::to_string(*entry.step) : "-",
               entry.key_hint.empty() ? "-" : entry.key_hint, entry.body_bytes, entry.connection);
}

void AddJournalOptions(CLI::App& app, keywalk::mock::MockServerOptions& server) {
  app.add_option("--journal-entries", server.max_journal_entries, "requests that are remembered")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000'000}))
      ->capture_default_str();
  app.add_option("--journal-bytes", server.max_journal_bytes, "memory that they may take")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 50))
      ->capture_default_str();
  app.add_option("--journal-bodies", server.journal_body_bytes,
                 "bytes of each request's body that are kept")
      ->check(CLI::Range(std::size_t{0}, std::size_t{1} << 30))
      ->capture_default_str();
  app.add_flag("!--no-body-digests", server.body_digests,
               "no SHA-256 of request bodies: large ones take less time");
}

void AddOptions(CLI::App& app, Arguments& arguments) {
  app.set_version_flag("--version", "keywalk-mock " KEYWALK_VERSION);
  app.add_option("--listen", arguments.server.listen, "HOST:PORT to listen on; port 0: a free one")
      ->capture_default_str();
  app.add_option("--script", arguments.script_file,
                 "lanes by key (JSON); without it every request gets 200");
  app.add_option("--tls-cert", arguments.server.tls_cert_file, "PEM certificate chain: serve TLS");
  app.add_option("--tls-key", arguments.server.tls_key_file, "PEM private key");
  app.add_option("--admin-token-file", arguments.admin_token_file,
                 "tokens, one a line: the pages under /__mock/ ask for one as Bearer");
  app.add_option("--max-connections", arguments.server.max_connections,
                 "at once; further ones wait to be accepted")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--log-level", arguments.log_level, "trace, debug, info, warn or error")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error"}))
      ->capture_default_str();
  AddJournalOptions(app, arguments.server);
  CLI::App* validate = app.add_subcommand("validate", "Check a script and exit");
  validate->fallthrough();  // --log-level
  validate->add_option("FILE", arguments.validate_file, "the script; - is standard input")
      ->required();
  AddRecordOptions(app, arguments.record);
  app.add_subcommand("new", "Print a commented starting script")
      ->add_option("PROVIDER", arguments.provider, "left out: the providers are listed");
  app.add_subcommand("answers", "List the providers' answers that a script may name")
      ->add_option("NAME", arguments.answer, "a provider: its answers; an answer: show it");
}

int Refuse(const std::string& reason) {
  std::fprintf(stderr, "keywalk-mock: %s\n", reason.c_str());
  return kWrongInput;
}

int Print(const Result<std::string>& page) {
  if (!page.ok()) return Refuse(page.error().message());
  const bool written = std::fwrite(page->data(), 1, page->size(), stdout) == page->size();
  if (written && std::fflush(stdout) == 0) return 0;
  std::fprintf(stderr, "keywalk-mock: standard output: %s\n", std::strerror(errno));
  return kNotWritten;
}

int Validate(const std::string& file) {
  const Result<Script> script = LoadScript(file);
  if (!script.ok()) return Refuse(script.error().message());
  const std::size_t lanes = script.value().lanes.size();
  return Print(file + ": ok, " + std::to_string(lanes) + (lanes == 1 ? " lane" : " lanes") +
               (script.value().default_lane ? " and a default lane\n" : "\n"));
}

// The server's options mean nothing to a subcommand, so they must not stand there in silence.
// Empty if all is well.
std::string MisplacedOption(const CLI::App& app) {
  if (app.get_subcommands().empty()) return {};
  const CLI::App& command = *app.get_subcommands().front();
  for (const CLI::Option* option : app.get_options()) {
    const std::string name = option->get_name();
    if (option->count() == 0 || name == "--log-level") continue;
    const std::string quoted = '"' + command.get_name() + '"';
    return command.get_option_no_throw(name) == nullptr
               ? name + " is an option of the server, not of " + quoted
               : name + " before " + quoted + " is the server's: it belongs behind it";
  }
  return {};
}

void WarnIfOpen(const keywalk::mock::MockServerOptions& server) {
  const Result<keywalk::io::HostPort> address = keywalk::io::ParseHostPort(server.listen);
  if (address.ok() && !keywalk::io::IsLoopback(address.value().host) &&
      server.admin_tokens.empty()) {
    spdlog::warn(
        "listening beyond loopback: anyone who can connect may replace the script "
        "(--admin-token-file)");
  }
}

int Serve(Arguments arguments) {
  Result<Script> script =
      arguments.has_script ? LoadScript(arguments.script_file) : Result<Script>(DefaultScript());
  if (!script.ok()) return Refuse(script.error().message());
  if (arguments.admin_token_file) {
    std::vector<std::string> warnings;
    Result<keywalk::Secrets> tokens =
        keywalk::config::LoadTokenFile(*arguments.admin_token_file, "admin token", warnings);
    if (!tokens.ok()) return Refuse(tokens.error().message());
    arguments.server.admin_tokens = std::move(*tokens);
    for (const std::string& warning : warnings) spdlog::warn(warning);
  }
  // Blocked before the server's thread is made, so that sigwait() below is the one to see them.
  sigset_t stop_signals;
  sigemptyset(&stop_signals);
  sigaddset(&stop_signals, SIGTERM);
  sigaddset(&stop_signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);

  if (spdlog::should_log(spdlog::level::info)) arguments.server.on_request = &LogRequest;
  auto server = keywalk::mock::MockServer::Start(arguments.server, std::move(*script));
  if (!server.ok()) return Refuse(server.error().message());
  WarnIfOpen(arguments.server);
  const std::string url = (*server)->url();
  std::printf("listening on %s\n", url.substr(url.find("//") + 2).c_str());
  std::fflush(stdout);

  int received = 0;
  sigwait(&stop_signals, &received);
  spdlog::info("stopping");
  (*server)->Stop();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  spdlog::set_default_logger(spdlog::stderr_color_mt("keywalk-mock"));
  Arguments arguments;
  arguments.server.listen = "127.0.0.1:9000";
  arguments.record.listen = "127.0.0.1:9000";
  CLI::App app("An AI provider that fails on cue: answers scripted by the request's key.",
               "keywalk-mock");
  AddOptions(app, arguments);
  app.require_subcommand(0, 1);
  app.failure_message([](const CLI::App* failed, const CLI::Error& error) {
    return "keywalk-mock: " + CLI::FailureMessage::simple(failed, error);
  });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kWrongInput;
  }
  if (const std::string reason = MisplacedOption(app); !reason.empty()) return Refuse(reason);
  spdlog::set_level(spdlog::level::from_str(arguments.log_level));
  if (app.got_subcommand("new")) {
    return Print(keywalk::mock::StartingScriptPage(arguments.provider));
  }
  if (app.got_subcommand("answers")) return Print(keywalk::mock::AnswersPage(arguments.answer));
  if (app.got_subcommand("validate")) return Validate(arguments.validate_file);
  keywalk::io::RaiseDescriptorLimit(arguments.server.max_connections + kOtherDescriptors);
  if (app.got_subcommand("record")) return keywalk::mock::RunRecord(arguments.record);
  arguments.has_script = app.count("--script") > 0;
  return Serve(std::move(arguments));
}
