// What a stream over a socket makes of the kernel's answers. Two sockets of this process; each test
// waits until the kernel has told the one what the other did.
#include "io/socket_stream.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <array>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string_view>
#include <utility>

namespace keywalk::io {
namespace {

using asio::ip::tcp;

class SocketStreamTest : public ::testing::Test {
 protected:
  SocketStreamTest() {
    asio::basic_socket_acceptor<tcp, Executor> acceptor(
        context_.get_executor(), tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    Socket ours(context_.get_executor());
    ours.connect(acceptor.local_endpoint());
    acceptor.accept(peer_);
    descriptor_ = ours.native_handle();
    stream_ = MakeTcpStream(context_, std::move(ours));
  }

  IoResult Write(std::string_view text) {
    const std::array<asio::const_buffer, 1> buffers{asio::buffer(text)};
    return stream_->TryWrite(buffers);
  }
  IoResult Read() { return stream_->TryRead(asio::buffer(buffer_)); }

  // The kernel knows of the peer's end.
  void AwaitEnd(short events) const {
    pollfd asked{descriptor_, events, 0};
    ASSERT_EQ(::poll(&asked, 1, 10'000), 1);
  }

  asio::io_context context_{1};
  Socket peer_{context_.get_executor()};
  std::unique_ptr<Stream> stream_;
  std::array<char, 64> buffer_{};
  int descriptor_ = -1;
};

TEST_F(SocketStreamTest, ResetThatAWriteHasTakenIsNoEndInOrder) {
  const std::uint64_t before = stream_->position();
  peer_.set_option(asio::socket_base::linger(true, 0));
  peer_.close();
  AwaitEnd(POLLHUP);
  EXPECT_EQ(Write("request").code, asio::error::connection_reset);
  EXPECT_EQ(Read().code, asio::error::eof) << "the kernel tells of a reset once";
  EXPECT_FALSE(stream_->NothingSeenSince(before));
}

TEST_F(SocketStreamTest, EndInOrderBeforeAnythingWasWrittenSaysThatNothingWasSeen) {
  const std::uint64_t before = stream_->position();
  peer_.close();
  AwaitEnd(POLLIN);
  EXPECT_EQ(Read().code, asio::error::eof);
  EXPECT_TRUE(stream_->NothingSeenSince(before));
}

}  // namespace
}  // namespace keywalk::io
