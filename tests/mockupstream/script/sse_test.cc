// Goal: events are framed as the HTML standard wants them. Method: bytes compared.

#include "mockupstream/script/sse.h"

#include <gtest/gtest.h>

namespace keywalk::mock {
namespace {

std::string Encoded(std::string event, std::string data) {
  return EncodeSse({std::move(event), std::move(data), std::chrono::milliseconds(0)});
}

TEST(SseTest, NamesTheEventOnlyIfItHasAName) {
  EXPECT_EQ(Encoded("", "x"), "data: x\n\n");
  EXPECT_EQ(Encoded("ping", "{}"), "event: ping\ndata: {}\n\n");
}

TEST(SseTest, GivesEachLineOfDataItsField) {
  EXPECT_EQ(Encoded("", "a\nb\n"), "data: a\ndata: b\ndata: \n\n");
  EXPECT_EQ(Encoded("", ""), "data: \n\n");
}

}  // namespace
}  // namespace keywalk::mock
