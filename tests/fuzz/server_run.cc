#include "tests/fuzz/server_run.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/address.hpp>
#include <exception>
#include <utility>

#include "tests/fuzz/expect.h"
#include "tests/fuzz/memory_connector.h"

namespace keywalk::fuzz {

ServerRun::ServerRun(asio::io_context& context, io::HttpHandler& handler,
                     testing::MemoryStreamOptions options)
    : context_(context),
      recorder_(handler),
      client_(testing::MemoryConnection::Open(context, options)),
      connection_(context, testing::MemoryConnection::NearEndOf(client_),
                  asio::ip::make_address("192.0.2.7"), false, 1, options_, recorder_) {
  asio::co_spawn(context.get_executor(), connection_.Serve(),
                 [this](const std::exception_ptr& thrown) {
                   Expect(thrown == nullptr, "serving a connection throws nothing");
                   ended_ = true;
                 });
}

ServerRun::~ServerRun() { Expect(ended_, "a connection that is closed has nothing left running"); }

void ServerRun::Serve(std::string_view bytes, const std::function<void()>& wait) {
  Settle(context_);
  client_->Send(bytes);
  Settle(context_);
  wait();
  client_->Finish();
  Settle(context_);
  wait();
  client_->Expire();
  Settle(context_);
  if (!ended_) connection_.Close();
  Settle(context_);
}

std::vector<StrictMessage> ServerRun::Answers() const {
  std::vector<StrictMessage> answers;
  std::string_view rest = output();
  while (!rest.empty()) {
    const bool known = answers.size() < methods().size();
    const bool bodiless = known && methods()[answers.size()] == "HEAD";
    StrictRead read = ReadStrictly(rest, MessageKind::kResponse, bodiless);
    Expect(read.state != StrictRead::State::kWrong, "answers are well-formed",
           read.problem + "\n" + output());
    const bool whole = read.state == StrictRead::State::kWhole;
    const bool interim = read.message.second.starts_with('1');
    if (!interim) {
      Expect(answers.size() < methods().size() + 1, "at most one answer for each request",
             output());
      answers.push_back(std::move(read.message));
    }
    if (!whole) break;  // cut off, which is the last that was sent
    rest.remove_prefix(read.size);
  }
  return answers;
}

}  // namespace keywalk::fuzz
